"use client";
/** A job's output: where it lies, the hash that stands on chain, and a check that this browser does itself. */
import type { JobDto } from "@computestream/protocol/api";
import { useState } from "react";
import { explainAction } from "../../lib/chain.ts";
import { formatBytes } from "../../lib/format.ts";
import { type OutputLink, outputLink } from "../../lib/outputs.ts";
import { type Verification, verifyOutput } from "../../lib/verify-output.ts";
import { useApp } from "../app-provider.tsx";
import { CopyButton } from "../ui/copy-button.tsx";

export function JobOutput({ job }: { job: JobDto }) {
  const { config } = useApp();
  if (!job.outputSha256 && job.outputUris.length === 0) {
    if (job.outcome !== "Failed" && job.outcome !== "Expired") return null;
    return (
      <section className="card p-5" aria-labelledby="output">
        <h2 id="output" className="font-semibold">
          Output
        </h2>
        <p className="mt-2 text-sm text-muted">This job stored no output.</p>
      </section>
    );
  }
  const links = job.outputUris.map((uri) => outputLink(uri, config));
  return (
    <section className="card p-5" aria-labelledby="output">
      <h2 id="output" className="font-semibold">
        Output
      </h2>
      {job.outputSha256 && (
        <div className="mt-3">
          <p className="text-xs text-muted">SHA-256 on chain</p>
          <p className="flex items-start gap-1">
            <code data-testid="job-output-sha256" className="font-mono text-xs leading-5 break-all">
              {job.outputSha256}
            </code>
            <CopyButton text={job.outputSha256} label="output hash" />
          </p>
        </div>
      )}
      <ul className="mt-3 space-y-3">
        {links.map((link) => (
          <OutputPlace key={link.uri} job={job} link={link} />
        ))}
      </ul>
    </section>
  );
}

function OutputPlace({ job, link }: { job: JobDto; link: OutputLink }) {
  const { config, api } = useApp();
  const [busy, setBusy] = useState<string | null>(null);
  const [result, setResult] = useState<Verification | null>(null);
  const [error, setError] = useState<string | null>(null);
  const { url } = link;

  async function verify(from: string) {
    setBusy("Downloading…");
    setError(null);
    setResult(null);
    try {
      const onProgress = (received: number, total: number | null) =>
        setBusy(`${formatBytes(received)}${total ? ` of ${formatBytes(total)}` : ""}`);
      setResult(await verifyOutput({ config, api, job: job.job, url: from, onProgress }));
    } catch (cause) {
      setError(explainAction(cause).message);
    } finally {
      setBusy(null);
    }
  }

  return (
    <li className="rounded-xl border border-line p-3">
      <div className="flex items-center justify-between gap-3">
        <div className="min-w-0 text-sm">
          <p className="font-medium">{link.label}</p>
          {url ? (
            <a
              className="link block truncate text-xs"
              href={url}
              target="_blank"
              rel="noreferrer"
              title={link.uri}
            >
              {link.uri}
            </a>
          ) : (
            <p className="truncate text-xs text-muted" title={link.uri}>
              {link.uri}
            </p>
          )}
        </div>
        {url && link.kind !== "http" && (
          <button
            type="button"
            className="btn"
            data-testid="verify-output"
            disabled={busy !== null}
            aria-label={`Verify the copy in ${link.label}`}
            onClick={() => void verify(url)}
          >
            {busy ?? "Verify"}
          </button>
        )}
      </div>
      {!url && <p className="mt-2 text-xs text-muted">No gateway is configured for this place.</p>}
      <div
        role="status"
        className="text-sm"
        data-testid="verify-result"
        data-verified={result ? String(result.ok) : ""}
      >
        {result?.ok && (
          <p className="mt-2 text-accent">
            ✓ {formatBytes(result.bytes)} downloaded; hash and Merkle root are those on chain.
          </p>
        )}
        {result && !result.ok && (
          <p className="mt-2 text-bad">
            ✕ This copy is not what the machine committed to: it hashes to{" "}
            <code className="font-mono text-xs break-all">{result.sha256}</code>. Try another copy.
          </p>
        )}
        {error && <p className="mt-2 text-bad">{error}</p>}
      </div>
    </li>
  );
}
