/**
 * A provider's reason codes and proven faults as sentences, with a remedy for the buyer.
 * It doesn't judge them: a code it doesn't know is shown as it stands.
 */
import type { JobDto } from "@computestream/protocol/api";

const SENTENCES: Record<string, string> = {
  OOM_KILLED: "The container ran out of memory. Give the job more, or let it use less.",
  TIME_LIMIT: "The container was still running at the end of the funded time. Fund a longer run.",
  CONTAINER_LOST: "The machine lost the container. Try again, or choose another machine.",
  CREATE_FAILED: "The machine couldn't create the container. Check the command, or choose another machine.",
  START_FAILED: "The command couldn't be started. Check that the image has the program it names.",
  START_WINDOW_OVER: "The machine couldn't start the job in time. Try again, or choose another machine.",
  IMAGE_UNAVAILABLE: "The machine couldn't fetch the image. Check its name, or choose another machine.",
  IMAGE_NOT_ALLOWED: "The machine's owner doesn't allow this image. Choose another machine or image.",
  IMAGE_NOT_PINNED: "The machine only takes images named by digest. Name the image as name@sha256:….",
  SPEC_INVALID: "The machine couldn't read the job's description.",
  CPU_TOO_LARGE: "The machine doesn't have that many cores.",
  MEMORY_TOO_LARGE: "The machine doesn't have that much memory.",
  DISK_TOO_LARGE: "The machine doesn't have that much disk.",
  GPU_UNAVAILABLE: "The machine doesn't have that many GPUs.",
  DURATION_TOO_LONG: "The machine doesn't take runs that long.",
  OUTPUT_TOO_LARGE: "The output was larger than the job allows. Raise its limit, or write less to /output.",
  OUTPUT_UNREADABLE: "The output couldn't be read from the container.",
  PUBLISH_FAILED: "The output couldn't be stored. Try again, or choose another machine.",
  // Written by the chain itself.
  FAULT_PROVEN: "The machine was proven at fault while the job ran, so the job was ended.",
  RUNTIME_REFUSED: "The machine's container engine refused the job.",
};

export function reasonSentence(reason: string): string {
  const exit = /^EXIT_CODE_(\d+)$/.exec(reason);
  if (exit) return `The program ended with exit code ${exit[1]}. Its logs may tell why.`;
  const known = SENTENCES[reason];
  if (known) return known;
  if (reason === "") return "The job failed; no reason was given.";
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}

/** A node's "CODE: reason" for a job it refuses, as a sentence. */
export function refusalSentence(detail: string | undefined): string {
  const code = /^([A-Z][A-Z0-9_]+)(?:: (.*))?$/s.exec(detail ?? "");
  if (!code) return detail ? reasonSentence(detail) : "The machine refused this job; no reason was given.";
  const known = SENTENCES[code[1] as string];
  return known ?? reasonSentence(code[2] ?? (code[1] as string));
}

const FAULT_SENTENCES: Record<NonNullable<JobDto["fault"]>, string> = {
  Equivocation: "The machine signed two different proofs under one number and lost stake for it.",
  FewerSeconds: "The machine signed fewer seconds after more and lost stake for it.",
  ImpossibleTime: "The machine claimed more seconds than had passed and lost stake for it.",
  DeviceOverlap: "The machine let one GPU work for two jobs at once and lost stake for it.",
  OutputWithheld: "The machine didn't show a challenged piece of its output and lost stake for it.",
};

export function faultSentence(fault: NonNullable<JobDto["fault"]>): string {
  return FAULT_SENTENCES[fault];
}
