/**
 * Simulated provider nodes in a process of their own: one hub session each, one signed attestation a job and second.
 * It doesn't know the chain: jobs and keys come in a file, and every second is taken for worked.
 *
 *     node --import tsx nodes.ts <plan.json> <relayer url, …> [good | bad:<per second>]
 *
 * `good` times the answers; `bad` sends attestations with signatures of nobody, as fast as it is told.
 */
import { createPrivateKey, type KeyObject, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  encodeUsage,
  fromHex,
  hubHelloMessage,
  toHex,
  type UsageV1,
  zHubMessage,
} from "@computestream/protocol";
import { WebSocket } from "ws";
import type { BusyProvider, RunningJob } from "./market.ts";

interface Plan {
  chainId: number;
  packageAddress: string;
  providers: BusyProvider[];
}

/** A second's jobs are told in as many turns, as those of real nodes would come. */
const TURNS = 20;
const LOG_ROOT = `0x${"5a".repeat(32)}`;
const ACK = Buffer.from('{"type":"ack"');
// An Ed25519 key in PKCS #8 is this prefix and the 32 bytes of the seed (RFC 8410).
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

const [planFile = "", urls = "", mode = ""] = process.argv.slice(2);
const badPerTurn = mode.startsWith("bad:") ? Math.ceil(Number(mode.slice(4)) / TURNS) : null;
const plan = JSON.parse(readFileSync(planFile, "utf8")) as Plan;
const told = { sent: 0, acked: 0, rejected: 0, lastRejection: "", waitsMs: [] as number[] };
/** When each attestation was sent, for those whose answers are timed. */
const sentAt = new Map<string, number>();

/** Bytes of one job's usage whose numbers are overwritten for each second. */
interface Template {
  bytes: Buffer;
  numbersAt: number;
}

function templateOf(job: RunningJob): Template {
  const usage: UsageV1 = {
    chainId: plan.chainId,
    packageAddress: plan.packageAddress,
    job: job.job,
    termsHash: job.termsHash,
    seq: 0n,
    secondsCum: 0n,
    tLast: 0n,
    logRoot: LOG_ROOT,
  };
  const bytes = Buffer.from(encodeUsage(usage));
  // Behind the three numbers stands the log root: its length and 32 bytes.
  return { bytes, numbersAt: bytes.length - 33 - 24 };
}

function attest(job: RunningJob, template: Template, key: KeyObject, nowSecs: bigint): string {
  const seconds = nowSecs - BigInt(job.startedAt);
  template.bytes.writeBigUInt64LE(seconds, template.numbersAt);
  template.bytes.writeBigUInt64LE(seconds, template.numbersAt + 8);
  template.bytes.writeBigUInt64LE(nowSecs, template.numbersAt + 16);
  const signature = `0x${sign(null, template.bytes, key).toString("hex")}`;
  return `{"type":"attestation","usage":{"job":"${job.job}","seq":"${seconds}","secondsCum":"${seconds}","tLast":"${nowSecs}","logRoot":"${LOG_ROOT}","signature":"${signature}"}}`;
}

function startNode(provider: BusyProvider, url: string): { turn(turn: number, nowSecs: bigint): void } {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, fromHex(provider.privateKey.replace("ed25519-priv-", ""))]),
    format: "der",
    type: "pkcs8",
  });
  const jobs = provider.jobs.map((job) => ({ job, template: templateOf(job) }));
  let socket: WebSocket;
  let ready = false;
  const connect = (): void => {
    socket = new WebSocket(`${url.replace(/^http/, "ws")}/hub`);
    socket.on("message", (data: Buffer) => {
      // Thousands a second of which only the number is told: the nodes aren't what is measured.
      if (mode === "" && data.length > ACK.length && data.subarray(0, ACK.length).equals(ACK)) {
        told.acked += 1;
        return;
      }
      const message = zHubMessage.parse(JSON.parse(data.toString()));
      if (message.type === "challenge") {
        const { chainId, packageAddress } = plan;
        const text = hubHelloMessage({
          chainId,
          packageAddress,
          provider: provider.address,
          nonce: message.nonce,
        });
        socket.send(
          JSON.stringify({
            type: "hello",
            provider: provider.address,
            signature: toHex(sign(null, text, key)),
          }),
        );
      } else if (message.type === "welcome") {
        ready = true;
      } else if (message.type === "ack") {
        told.acked += 1;
        const since = sentAt.get(`${message.job} ${message.seq}`);
        if (since !== undefined) told.waitsMs.push(Math.round(performance.now() - since));
      } else if (message.type !== "command") {
        told.rejected += 1;
        told.lastRejection = message.message;
      }
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      ready = false;
      setTimeout(connect, 250);
    });
  };
  connect();
  return {
    turn(turn, nowSecs) {
      if (badPerTurn !== null) return flood(nowSecs);
      if (!ready || socket.bufferedAmount > 4 * 1024 * 1024) return;
      for (let at = turn; at < jobs.length; at += TURNS) {
        const { job, template } = jobs[at] as (typeof jobs)[number];
        if (nowSecs <= BigInt(job.startedAt)) continue;
        socket.send(attest(job, template, key, nowSecs));
        told.sent += 1;
        if (mode === "good") sentAt.set(`${job.job} ${nowSecs - BigInt(job.startedAt)}`, performance.now());
      }
    },
  };

  /** Every one for another job in turn and of a number that hasn't been, so that none is a repeat. */
  function flood(nowSecs: bigint): void {
    if (!ready) return;
    for (let n = 0; n < (badPerTurn ?? 0); n += 1) {
      const { job } = jobs[told.sent % jobs.length] as (typeof jobs)[number];
      const seconds = nowSecs - BigInt(job.startedAt);
      const usage = { job: job.job, seq: `${told.sent + 1}`, secondsCum: `${seconds}`, tLast: `${nowSecs}` };
      const signature = `0x${(told.sent + 1).toString(16).padStart(128, "0")}`;
      socket.send(JSON.stringify({ type: "attestation", usage: { ...usage, logRoot: LOG_ROOT, signature } }));
      told.sent += 1;
    }
  }
}

const relayers = urls.split(",");
const nodes = plan.providers.map((provider, index) =>
  startNode(provider, relayers[index % relayers.length] as string),
);
const TURN_MS = 1000 / TURNS;
let due = Math.floor(Date.now() / TURN_MS);
setInterval(() => {
  const nowMs = Date.now();
  const nowSecs = BigInt(Math.floor(nowMs / 1000));
  const until = Math.floor(nowMs / TURN_MS);
  // Turns that came late are made up for, but no job tells the same second twice.
  for (due = Math.max(due, until - TURNS); due < until; due += 1) {
    for (const node of nodes) node.turn(due % TURNS, nowSecs);
  }
}, TURN_MS);
setInterval(() => process.stdout.write(`${JSON.stringify(told)}\n`), 1000);
process.stdout.write("ready\n");
