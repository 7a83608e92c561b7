/**
 * Transactions in the fullnode's JSON, rendered once and kept while they are recent.
 * It doesn't know routes.
 */
import type { AccountAuthenticator, AnyKey, TransactionAuthenticator } from "../chain/authenticator.ts";
import type { Chain } from "../chain/chain.ts";
import { type LedgerEntry, writesOf } from "../chain/ledger.ts";
import type { Write } from "../chain/state.ts";
import type { Payload, SignedTransaction } from "../chain/transaction.ts";
import { BcsReader } from "../codec/bcs.ts";
import { formatAddress, sha3, toHex } from "../codec/bytes.ts";
import { formatType, substitute } from "../codec/type-tag.ts";
import type { Values } from "./values.ts";

export interface TransactionJson {
  /** A committed transaction. */
  committed(entry: LedgerEntry): Buffer;
  pending(transaction: SignedTransaction): string;
  /** What a simulation would have committed. */
  simulated(entry: LedgerEntry): string;
  list(entries: readonly LedgerEntry[]): Buffer;
}

/** Of rendered transactions, oldest out first: recent ones are asked for by who waits and who indexes. */
const MAX_CACHED_BYTES = 64 * 1024 * 1024;
const COMMA = Buffer.from(",");
const OPEN = Buffer.from("[");
const CLOSE = Buffer.from("]");

export function createTransactionJson(chain: Chain, values: Values): TransactionJson {
  const cache = new Map<number, Buffer>();
  let cachedBytes = 0;
  const requests = new WeakMap<SignedTransaction, string>();

  /** The fields that a pending and a committed transaction share, without braces. */
  function request(transaction: SignedTransaction): string {
    const known = requests.get(transaction);
    if (known !== undefined) return known;
    const rendered = JSON.stringify({
      sender: formatAddress(transaction.sender),
      sequence_number: String(transaction.sequenceNumber),
      max_gas_amount: String(transaction.maxGasAmount),
      gas_unit_price: String(transaction.gasUnitPrice),
      expiration_timestamp_secs: String(transaction.expirationSecs),
      payload: payloadJson(transaction.payload),
      signature: signatureJson(transaction.authenticator),
      replay_protection_nonce: transaction.nonce === null ? null : String(transaction.nonce),
    }).slice(1, -1);
    requests.set(transaction, rendered);
    return rendered;
  }

  function payloadJson(payload: Payload): unknown {
    const type_arguments = payload.typeArgs.map(formatType);
    if (payload.kind === "script") {
      return {
        type: "script_payload",
        code: { bytecode: toHex(payload.code), abi: null },
        type_arguments,
        arguments: payload.args.map((arg) => toHex(arg.bytes)),
      };
    }
    const { moduleAddress, module, function: name, args } = payload;
    return {
      type: "entry_function_payload",
      function: `${formatAddress(moduleAddress)}::${module}::${name}`,
      type_arguments,
      arguments: argumentsJson(payload) ?? args.map(toHex),
    };
  }

  /** Arguments by the function's parameter types; null when they don't fit it. */
  function argumentsJson(payload: Extract<Payload, { kind: "entry_function" }>): unknown[] | null {
    const shape = chain.modules
      .get(chain.state, payload.moduleAddress, payload.module)
      ?.function(payload.function);
    if (!shape || shape.params.length !== payload.args.length) return null;
    try {
      return payload.args.map((arg, i) => {
        const type = substitute(shape.params[i] ?? { kind: "parameter", index: 0 }, payload.typeArgs);
        const reader = new BcsReader(arg);
        const value = values.read(reader, type);
        reader.end();
        return value;
      });
    } catch {
      return null;
    }
  }

  function info(entry: LedgerEntry, changes: string): string {
    return (
      `"version":"${entry.version}","hash":"${toHex(entry.hash)}",` +
      `"state_change_hash":"${toHex(entry.stateChangeHash)}","event_root_hash":"${toHex(entry.eventRootHash)}",` +
      `"state_checkpoint_hash":null,"gas_used":"${entry.gasUsed}","success":${entry.success},` +
      `"vm_status":${JSON.stringify(entry.vmStatus)},"accumulator_root_hash":"${toHex(entry.accumulatorRootHash)}",` +
      `"changes":${changes}`
    );
  }

  function render(entry: LedgerEntry): string {
    const changes = `[${writesOf(entry).map(change).filter(Boolean).join(",")}]`;
    if (!entry.transaction) {
      const payload =
        '{"type":"write_set_payload","write_set":{"type":"direct_write_set","changes":[],"events":[]}}';
      return `{${info(entry, changes)},"payload":${payload},"events":${entry.eventsJson},"type":"genesis_transaction"}`;
    }
    return (
      `{${info(entry, changes)},${request(entry.transaction)},"events":${entry.eventsJson},` +
      `"timestamp":"${entry.timestampUsecs}","type":"user_transaction"}`
    );
  }

  /** One entry of the write set; null for what isn't Move state, and for what no longer decodes. */
  function change({ key, value }: Write): string | null {
    const parsed = chain.vm.keys.parse(key);
    if (!parsed || parsed.kind === "other") return null;
    const state_key_hash = toHex(sha3(key));
    if (parsed.kind === "table_item") {
      const item = { state_key_hash, handle: toHex(parsed.handle), key: toHex(parsed.keyBcs) };
      return JSON.stringify(
        value
          ? { ...item, value: toHex(value), data: null, type: "write_table_item" }
          : { ...item, data: null, type: "delete_table_item" },
      );
    }
    const address = formatAddress(parsed.address);
    if (parsed.kind === "module") {
      if (!value)
        return JSON.stringify({
          address,
          state_key_hash,
          module: `${address}::${parsed.name}`,
          type: "delete_module",
        });
      const data = { bytecode: toHex(value), abi: chain.modules.decode(value).abi };
      return JSON.stringify({ address, state_key_hash, data, type: "write_module" });
    }
    const type = values.structType(parsed.structTagBcs);
    const resource = formatType(type);
    if (!value) return JSON.stringify({ address, state_key_hash, resource, type: "delete_resource" });
    try {
      const data = { type: resource, data: values.resource(type, value) };
      return JSON.stringify({ address, state_key_hash, data, type: "write_resource" });
    } catch {
      return null;
    }
  }

  function committed(entry: LedgerEntry): Buffer {
    const known = cache.get(entry.version);
    if (known) return known;
    const rendered = Buffer.from(render(entry));
    // It holds these now, and nobody asks for a pending transaction that is committed.
    if (entry.transaction) requests.delete(entry.transaction);
    cache.set(entry.version, rendered);
    cachedBytes += rendered.length;
    for (const [version, { length }] of cache) {
      if (cachedBytes <= MAX_CACHED_BYTES) break;
      cache.delete(version);
      cachedBytes -= length;
    }
    return rendered;
  }

  return {
    committed,
    pending: (transaction) =>
      `{"hash":"${toHex(transaction.hash)}",${request(transaction)},"type":"pending_transaction"}`,
    simulated: render,
    list(entries) {
      const parts: Buffer[] = [OPEN];
      for (const [i, entry] of entries.entries()) {
        if (i > 0) parts.push(COMMA);
        parts.push(committed(entry));
      }
      parts.push(CLOSE);
      return Buffer.concat(parts);
    },
  };
}

const keyJson = (key: AnyKey) => ({ type: key.kind, value: toHex(key.bytes) });

function accountSignature(authenticator: AccountAuthenticator): Record<string, unknown> {
  switch (authenticator.kind) {
    case "ed25519":
      return {
        type: "ed25519_signature",
        public_key: toHex(authenticator.publicKey),
        signature: toHex(authenticator.signature),
      };
    case "multi_ed25519":
      return {
        type: "multi_ed25519_signature",
        public_keys: authenticator.publicKeys.map(toHex),
        signatures: authenticator.signatures.map(toHex),
        threshold: authenticator.threshold,
        bitmap: toHex(authenticator.bitmap),
      };
    case "single_key":
      return {
        type: "single_key_signature",
        public_key: keyJson(authenticator.publicKey),
        signature: keyJson(authenticator.signature),
      };
    case "multi_key":
      return {
        type: "multi_key_signature",
        public_keys: authenticator.publicKeys.map(keyJson),
        signatures: authenticator.signatures.map((signature, index) => ({
          index,
          signature: keyJson(signature),
        })),
        signatures_required: authenticator.required,
      };
    case "none":
      return { type: "no_account_signature" };
  }
}

function signatureJson(authenticator: TransactionAuthenticator): Record<string, unknown> {
  const sender = accountSignature(authenticator.sender);
  if (authenticator.kind === "single")
    return authenticator.enveloped ? { ...sender, type: "single_sender" } : sender;
  const parts = {
    sender,
    secondary_signer_addresses: authenticator.secondary.map((s) => formatAddress(s.address)),
    secondary_signers: authenticator.secondary.map((s) => accountSignature(s.authenticator)),
  };
  if (authenticator.kind === "multi_agent") return { type: "multi_agent_signature", ...parts };
  return {
    type: "fee_payer_signature",
    ...parts,
    fee_payer_address: formatAddress(authenticator.feePayer.address),
    fee_payer_signer: accountSignature(authenticator.feePayer.authenticator),
  };
}
