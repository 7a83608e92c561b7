/**
 * The development wallet's questions to its owner, one after the other.
 * It doesn't know what is signed, only how it is described; components/wallet/approval-dialog.tsx shows it.
 */
export interface ApprovalRequest {
  kind: "transaction" | "message";
  title: string;
  lines: Array<{ label: string; value: string; strong?: boolean }>;
  /** Shown verbatim, in full. */
  text: string | null;
}

interface Question {
  request: ApprovalRequest;
  answer: (approved: boolean) => void;
}

let queue: Question[] = [];
const listeners = new Set<() => void>();
const changed = (): void => {
  for (const listener of listeners) listener();
};

export const approvals = {
  current: (): ApprovalRequest | null => queue[0]?.request ?? null,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  /** Resolves with the owner's answer. */
  ask(request: ApprovalRequest): Promise<boolean> {
    return new Promise((answer) => {
      queue = [...queue, { request, answer }];
      changed();
    });
  },
  answer(approved: boolean): void {
    const [first, ...rest] = queue;
    if (!first) return;
    queue = rest;
    first.answer(approved);
    changed();
  },
};
