"use client";
/**
 * A job's logs, for those who may read them: a session or one signature opens them, lines follow live.
 * It doesn't keep them.
 */
import type { JobDto } from "@computestream/protocol/api";
import { useEffect, useRef, useState } from "react";
import { useSession } from "../../hooks/use-session.ts";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { explainAction } from "../../lib/chain.ts";
import { shortAddress } from "../../lib/format.ts";
import {
  type LogAccess,
  type LogHandlers,
  type LogLine,
  mergeLines,
  openLogs,
} from "../../lib/log-socket.ts";
import { openWalletMenu } from "../../lib/wallet-menu.ts";
import { walletActions } from "../../lib/wallet-store.ts";
import { useApp } from "../app-provider.tsx";

const KEEP = 5_000;
/** The relayer takes at most ten minutes; nine leave room for clocks that differ. */
const ACCESS_SECS = 540;
const RETRY_MS = 1_500;

/** A session's tokens are short-lived: one is asked for at each opening. */
type Permission = { job: string; wallet: string } | Exclude<LogAccess, { accessToken: string }>;
type Phase = "closed" | "signing" | "opening" | "open" | "reconnecting";

export function JobLogs({ job }: { job: JobDto }) {
  const { config, sessions } = useApp();
  const { address } = useWalletState();
  const { signedIn } = useSession();
  /** A relayer that knows no sessions has said so. */
  const [mustSign, setMustSign] = useState(false);
  const [phase, setPhase] = useState<Phase>("closed");
  const [access, setAccess] = useState<Permission | null>(null);
  const [lines, setLines] = useState<LogLine[]>([]);
  const [error, setError] = useState<string | null>(null);
  const [round, setRound] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` opens again after a lost connection
  useEffect(() => {
    if (!access) return;
    let retry: ReturnType<typeof setTimeout> | undefined;
    let close = () => {};
    let stopped = false;
    const again = (waitMs: number) => {
      setPhase("reconnecting");
      retry = setTimeout(() => setRound((r) => r + 1), waitMs);
    };
    const stay = (why: string) => {
      setPhase("closed");
      setAccess(null);
      setError(why);
    };
    const handlers: LogHandlers = {
      opened: () => {
        setPhase("open");
        setError(null);
      },
      lines: (more) => setLines((known) => mergeLines(known, more, KEEP)),
      closed: (refused) => {
        if (refused?.code === "TOKEN_EXPIRED") return again(0);
        if (refused?.code === "TOKENS_NOT_TAKEN") {
          setMustSign(true);
          return stay("Here a session doesn't open logs. Open them again with a signature.");
        }
        if (refused) return stay(refused.message);
        if ("expiresAt" in access && access.expiresAt * 1000 < Date.now()) {
          return stay("The permission has run out. Open the logs again with a new signature.");
        }
        again(RETRY_MS);
      },
    };
    async function begin(given: Permission) {
      try {
        const permission: LogAccess =
          "wallet" in given
            ? { job: given.job, accessToken: await sessions.accessToken(given.wallet) }
            : given;
        if (!stopped) close = openLogs(config.relayerUrl, permission, handlers);
      } catch (cause) {
        if (!stopped) stay(cause instanceof Error ? cause.message : String(cause));
      }
    }
    void begin(access);
    return () => {
      stopped = true;
      clearTimeout(retry);
      close();
    };
  }, [access, config.relayerUrl, sessions, round]);

  async function open() {
    if (!address) return openWalletMenu();
    setError(null);
    if (signedIn && !mustSign) {
      setPhase("opening");
      setAccess({ job: job.job, wallet: address });
      return;
    }
    setPhase("signing");
    try {
      const { logAccessMessage } = await import("@computestream/protocol/hub");
      const expiresAt = Math.floor(Date.now() / 1000) + ACCESS_SECS;
      const { chainId, packageAddress } = config;
      const message = logAccessMessage({ chainId, packageAddress, job: job.job, expiresAt });
      const actions = await walletActions();
      const signed = await actions.signMessage(message, crypto.randomUUID());
      setPhase("opening");
      setAccess({ job: job.job, address, expiresAt, ...signed });
    } catch (cause) {
      const told = explainAction(cause);
      setPhase("closed");
      setError(told.code === "REJECTED" ? "You didn't sign, so the logs stay closed." : told.message);
    }
  }

  return (
    <section className="card overflow-hidden" aria-labelledby="logs">
      <div className="flex items-center justify-between gap-4 px-5 py-4">
        <h2 id="logs" className="font-semibold">
          Logs
        </h2>
        <span className="text-xs text-muted" role="status">
          {phase === "open" && (job.state === "Running" ? "Following" : "History")}
          {phase === "reconnecting" && "Reconnecting…"}
        </span>
      </div>
      {phase === "open" || phase === "reconnecting" ? (
        <Lines lines={lines} running={job.state === "Running"} />
      ) : (
        <div className="space-y-3 border-t border-line px-5 py-6 text-sm">
          <Explanation job={job} address={address} bySession={signedIn && !mustSign} />
          <button
            type="button"
            data-testid="open-logs"
            className="btn"
            disabled={phase !== "closed"}
            onClick={() => void open()}
          >
            {phase === "signing"
              ? "Waiting for your signature…"
              : phase === "opening"
                ? "Opening…"
                : address
                  ? "Open the logs"
                  : "Connect a wallet"}
          </button>
          {error && (
            <p role="alert" className="text-bad">
              {error}
            </p>
          )}
        </div>
      )}
    </section>
  );
}

function Explanation(props: { job: JobDto; address: string | null; bySession: boolean }) {
  const { job, address, bySession } = props;
  if (address === job.buyer)
    return (
      <p className="text-muted">
        {bySession
          ? "Logs are private. You are signed in, so they open without another signature."
          : "Logs are private. Sign a message once to prove that this job is yours; it costs nothing."}
      </p>
    );
  return (
    <p className="text-muted">
      Logs are private: only the buyer ({shortAddress(job.buyer)}) and the machine's owner can read them.
      {address ? " The connected wallet is not the buyer's." : ""}
    </p>
  );
}

const TONE: Record<LogLine["stream"], string> = {
  stdout: "",
  stderr: "text-[#ffb4a8]",
  system: "text-[#8fb7c9] italic",
};

function Lines({ lines, running }: { lines: LogLine[]; running: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const follow = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new line scrolls, unless the reader scrolled up
  useEffect(() => {
    if (follow.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines]);
  return (
    <div
      ref={box}
      data-testid="job-logs"
      role="log"
      aria-label="Log lines"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region has to be reachable by keyboard
      tabIndex={0}
      className="h-80 overflow-auto bg-[#0b1114] px-4 py-3 font-mono text-xs leading-5 text-[#dbe6ea]"
      onScroll={(event) => {
        const el = event.currentTarget;
        follow.current = el.scrollHeight - el.scrollTop - el.clientHeight < 24;
      }}
    >
      {lines.length === 0 && (
        <p className="text-[#8aa0a8]">
          {running ? "Nothing printed yet." : "The relayer holds no lines of this job."}
        </p>
      )}
      {lines.map((line) => (
        <div key={line.offset} className={`break-all whitespace-pre-wrap ${TONE[line.stream]}`}>
          {line.text.replace(/\r?\n$/, "") || " "}
        </div>
      ))}
    </div>
  );
}
