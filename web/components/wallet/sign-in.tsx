"use client";
/** Stands where something private would: says what signing in opens, and asks for it. It doesn't keep tokens. */
import { useSession } from "../../hooks/use-session.ts";

export function SignIn({ opens }: { opens: string }) {
  const { wallet, hasEnded, signing, error, signIn } = useSession();
  return (
    <div className="space-y-3 text-sm" data-testid="sign-in-panel">
      <p className="text-muted">
        {hasEnded && <strong className="font-semibold text-text">Your session has ended. </strong>}
        {opens} Signing in is a signature over a text: it costs nothing and moves no money.
      </p>
      <button
        type="button"
        className="btn btn-primary"
        data-testid="sign-in"
        disabled={signing}
        onClick={() => void signIn()}
      >
        {signing ? "Waiting for your signature…" : wallet ? "Sign in" : "Connect a wallet"}
      </button>
      {error && (
        <p role="alert" className="text-bad" data-testid="sign-in-error">
          {error}
        </p>
      )}
    </div>
  );
}
