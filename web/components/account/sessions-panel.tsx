"use client";
/** Where the wallet is signed in, and how to end it. It doesn't know tokens. */
import { zMe, zSessions } from "@computestream/protocol/api";
import { useState } from "react";
import { usePrivate, useSession } from "../../hooks/use-session.ts";
import { formatDateTime } from "../../lib/format.ts";
import { rolesSentence } from "../../lib/roles.ts";
import { Badge } from "../ui/badge.tsx";
import { Notice } from "../ui/notice.tsx";
import { Waiting } from "../ui/stat.tsx";
import { SignIn } from "../wallet/sign-in.tsx";

export function SessionsPanel() {
  const { signedIn } = useSession();
  return (
    <section className="card" aria-labelledby="sessions" data-testid="sessions">
      <h2 id="sessions" className="px-5 py-4 font-semibold">
        Signed in
      </h2>
      <div className="border-t border-line px-5 py-5">
        {signedIn ? (
          <Sessions />
        ) : (
          <SignIn opens="Where your wallet is signed in, and what it is in this market, is for you alone to see." />
        )}
      </div>
    </section>
  );
}

function Sessions() {
  const { signOut } = useSession();
  const me = usePrivate("/me", zMe);
  const sessions = usePrivate("/auth/sessions", zSessions);
  const [ending, setEnding] = useState(false);
  const error = sessions.error ?? me.error;
  const alive = sessions.data?.items.filter((session) => session.revokedAt === null);
  const end = async (all: boolean) => {
    setEnding(true);
    await signOut({ all }).finally(() => setEnding(false));
  };
  return (
    <div className="space-y-4 text-sm">
      {me.data && <p data-testid="roles">{rolesSentence(me.data.roles)}</p>}
      {error && (
        <Notice
          tone="warn"
          title="Your sessions can't be read now"
          action={
            <button
              type="button"
              className="btn"
              onClick={() => {
                sessions.reload();
                me.reload();
              }}
            >
              Try again
            </button>
          }
        >
          {error}
        </Notice>
      )}
      {alive === undefined ? (
        error ? null : (
          <Waiting wide />
        )
      ) : (
        <ul className="divide-y divide-line rounded-xl border border-line">
          {alive.map((session) => (
            <li
              key={session.sid}
              className="flex flex-wrap items-baseline gap-x-4 gap-y-1 px-4 py-3"
              data-testid="session-line"
            >
              <span className="font-medium">{session.domain}</span>
              {session.current && <Badge tone="good">this one</Badge>}
              <span className="basis-full truncate text-xs text-muted" title={session.userAgent}>
                since {formatDateTime(session.createdAt)} · {session.userAgent || "no browser named"}
              </span>
            </li>
          ))}
        </ul>
      )}
      <div className="flex flex-wrap gap-2">
        <button type="button" className="btn" disabled={ending} onClick={() => void end(false)}>
          Sign out
        </button>
        {alive !== undefined && alive.length > 1 && (
          <button
            type="button"
            className="btn btn-danger"
            disabled={ending}
            data-testid="sign-out-everywhere"
            onClick={() => void end(true)}
          >
            Sign out everywhere
          </button>
        )}
      </div>
    </div>
  );
}
