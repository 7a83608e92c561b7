/**
 * The relayer's hub: messages between provider nodes, the hub and log readers.
 * It doesn't know sockets or Redis; it holds the shapes and the texts that are signed.
 *
 * Provider node: WebSocket <relayer>/hub. Hub sends `challenge`; node answers `hello`; hub answers `welcome` or
 * `error` and closes. Then the node sends `attestation` (at least the newest of each running job, every second),
 * `log`, `job_status` and every five seconds `telemetry`; the hub answers each attestation with `ack` or `reject`. Redis may forget: the node's next
 * attestation restores it.
 *
 * Command: POST <relayer>/api/v1/providers/:provider/commands, signed by the owner's wallet (./command.ts). The hub sends it
 * as `command` to the provider's node, at once or when it comes; the node verifies it again and answers
 * `command_result`: accepted once it is on its disk, then done or refused. Undecided ones are sent again on reconnect.
 *
 * Log reader: WebSocket <relayer>/logs. First message `open` with a wallet signature over `logAccessMessage`, or with an
 * access token of the read API, with which the connection ends (`TOKEN_EXPIRED`); hub sends the history as `log` messages, then live ones. Only the job's buyer and the provider's owner or operator may read.
 *
 * Attestations may also be posted: POST <relayer>/api/v1/attestations, body {attestations: SignedUsage[]}.
 * A buyer's countersignature of seconds it agrees to: POST <relayer>/api/v1/countersignatures; it is brought to the chain.
 * Progress without a secret: GET <relayer>/api/v1/jobs/:job/status -> the last `job_status` (404 when none).
 * For a buyer who terminates: GET <relayer>/api/v1/jobs/:job/attestation -> the newest SignedUsage JSON (404 when none).
 */
import { z } from "zod";
import { zCountersignedUsage, zSignedUsage } from "./attestation.ts";
import { NODE_MODES, zCommandMessage, zCommandResult } from "./command.ts";
import { zAddress, zHash32, zHex } from "./primitives.ts";

export const HUB_DOMAIN = "computestream::hub.v1";

/** Signed by the provider's attestation key to open a hub session. */
export function hubHelloMessage(p: {
  chainId: number;
  packageAddress: string;
  provider: string;
  nonce: string;
}): Uint8Array {
  return new TextEncoder().encode(
    `${HUB_DOMAIN}\nchain: ${p.chainId}\npackage: ${p.packageAddress}\nprovider: ${p.provider}\nnonce: ${p.nonce}`,
  );
}

/** What a wallet signs to read a job's logs; `expiresAt` is unix seconds, at most ten minutes ahead. */
export function logAccessMessage(p: {
  chainId: number;
  packageAddress: string;
  job: string;
  expiresAt: number;
}): string {
  return `ComputeStream: read the logs of one job\nchain: ${p.chainId}\npackage: ${p.packageAddress}\njob: ${p.job}\nexpires: ${p.expiresAt}`;
}

export const LOG_LINE_MAX_BYTES = 16_384;

const zLog = z.object({
  type: z.literal("log"),
  job: zAddress,
  /** Rises by one a message of the job; a reader sorts and drops repeats by it. */
  offset: z.number().int().min(0),
  stream: z.enum(["stdout", "stderr", "system"]),
  /** Unix milliseconds. */
  at: z.number().int(),
  text: z.string().max(LOG_LINE_MAX_BYTES),
});
export type LogMessage = z.output<typeof zLog>;

/** Where a job stands before and between chain events. */
export const JOB_PHASES = [
  "pulling",
  "creating",
  "running",
  "packing",
  "uploading",
  "completing",
  "done",
  "failed",
] as const;

const zJobStatus = z.object({
  type: z.literal("job_status"),
  job: zAddress,
  phase: z.enum(JOB_PHASES),
  /** 0..100 where the phase has a measure. */
  percent: z.number().min(0).max(100).optional(),
  detail: z.string().max(500).optional(),
  containerId: z.string().max(80).optional(),
  imageDigest: z.string().max(100).optional(),
  at: z.number().int(),
});
export type JobStatusMessage = z.output<typeof zJobStatus>;

const zPercent = z.number().min(0).max(100);
const zMegabytes = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** What a node tells of its machine every few seconds; what it can't measure it leaves out. */
const zTelemetry = z.object({
  type: z.literal("telemetry"),
  /** "maintenance" also while it drains: `mode` tells which. */
  status: z.enum(["online", "busy", "maintenance"]),
  mode: z.enum(NODE_MODES).optional(),
  jobsRunning: z.number().int().min(0).max(100_000),
  cpuPercent: zPercent.optional(),
  cpuCelsius: z.number().min(-100).max(300).optional(),
  ramUsedMb: zMegabytes.optional(),
  ramTotalMb: zMegabytes.optional(),
  diskUsedMb: zMegabytes.optional(),
  diskTotalMb: zMegabytes.optional(),
  /** In the order of the provider's devices. */
  gpus: z
    .array(
      z.object({
        percent: zPercent.optional(),
        celsius: z.number().min(-100).max(300).optional(),
        watts: z.number().min(0).max(100_000).optional(),
        vramUsedMb: zMegabytes.optional(),
        vramTotalMb: zMegabytes.optional(),
      }),
    )
    .max(64)
    .default([]),
  nodeVersion: z.string().max(100).default(""),
});
export type TelemetryMessage = z.output<typeof zTelemetry>;

export const zNodeMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("hello"), provider: zAddress, signature: zHex }),
  z.object({ type: z.literal("attestation"), usage: zSignedUsage }),
  zLog,
  zJobStatus,
  zTelemetry,
  zCommandResult,
]);
export type NodeMessage = z.input<typeof zNodeMessage>;

export const zHubMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("challenge"), nonce: zHash32, chainId: z.number(), packageAddress: z.string() }),
  z.object({ type: z.literal("welcome"), provider: z.string() }),
  z.object({ type: z.literal("ack"), job: z.string(), seq: z.string() }),
  z.object({
    type: z.literal("reject"),
    job: z.string(),
    seq: z.string(),
    code: z.string(),
    message: z.string(),
  }),
  zCommandMessage,
  z.object({ type: z.literal("error"), code: z.string(), message: z.string() }),
]);
export type HubMessage = z.output<typeof zHubMessage>;

export const zLogSignatureMessage = z.object({
  type: z.literal("open"),
  job: zAddress,
  expiresAt: z.number().int(),
  address: zAddress,
  /** Ed25519 public key, 32 bytes. */
  publicKey: zHex,
  /** The whole text the wallet signed; must contain `logAccessMessage(...)`. */
  fullMessage: z.string().max(2000),
  signature: zHex,
});
/** Instead of a signature: an access token of the read API, where the relayer takes them. */
export const zLogTokenMessage = z.object({
  type: z.literal("open"),
  job: zAddress,
  accessToken: z.string().min(1).max(4000),
});
export const zLogReaderMessage = z.union([zLogTokenMessage, zLogSignatureMessage]);
export type LogReaderMessage = z.input<typeof zLogReaderMessage>;

export const zLogServerMessage = z.discriminatedUnion("type", [
  zLog,
  z.object({ type: z.literal("opened"), job: z.string(), history: z.number() }),
  z.object({ type: z.literal("error"), code: z.string(), message: z.string() }),
]);
export type LogServerMessage = z.output<typeof zLogServerMessage>;

export const zPostAttestations = z.object({ attestations: z.array(zSignedUsage).min(1).max(500) });
/** Countersignatures of buyers, newest first or not: POST <relayer>/api/v1/countersignatures. */
export const zCountersignature = zCountersignedUsage.omit({ signature: true });
export type Countersignature = z.output<typeof zCountersignature>;
export const zPostCountersignatures = z.object({
  countersignatures: z.array(zCountersignature).min(1).max(100),
});
export { zJobStatus, zTelemetry };
