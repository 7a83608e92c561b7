/**
 * The compiled package in the real VM: entries by name without signatures or gas money, views, and who owns which asset.
 * It doesn't know the protocol's rules.
 */
import { fileURLToPath } from "node:url";
import { BcsWriter } from "../../packages/devnet/src/codec/bcs.ts";
import {
  formatAddress,
  fromLatin1,
  parseAddress,
  sha3,
  toHex,
} from "../../packages/devnet/src/codec/bytes.ts";
import { valueBytes } from "../../packages/devnet/src/codec/move-value.ts";
import { type MoveType, parseType } from "../../packages/devnet/src/codec/type-tag.ts";
import { type BuiltPackage, buildPackage } from "../../packages/devnet/src/toolchain/index.ts";
import {
  createMoveVm,
  type MoveVm,
  type VmEnv,
  type VmEvent,
  type VmResult,
} from "../../packages/devnet/src/vm/index.ts";
import { parseModule } from "../../packages/devnet/src/vm/module-binary.ts";
import {
  ADDRESS_LENGTH,
  createForkStore,
  type ForkStore,
  fungibleStoresOf,
  resourceSuffix,
} from "./fork-store.ts";
import { CHAIN_ID, PACKAGE } from "./model/attestation.ts";
import type { Address } from "./model/types.ts";

const PACKAGE_DIR = fileURLToPath(new URL("..", import.meta.url));
const COIN_DIR = fileURLToPath(new URL("./coin", import.meta.url));
const COIN: Address = `0x${"c014".padStart(64, "0")}`;
/** As much as the devnet lets one call use. */
const MAX_GAS = 200_000_000n;
const MICROS = 1_000_000n;

export interface Packages {
  protocol: BuiltPackage;
  coin: BuiltPackage;
}

export async function buildPackages(packageDir = PACKAGE_DIR): Promise<Packages> {
  return {
    protocol: await buildPackage({ packageDir, namedAddresses: { computestream: PACKAGE } }),
    coin: await buildPackage({ packageDir: COIN_DIR, namedAddresses: { fuzz_coin: COIN } }),
  };
}

export interface ChainEvent {
  /** `module::Name`. */
  type: string;
  name: string;
  data: Record<string, unknown>;
}

export type ChainResult =
  | { ok: true; events: ChainEvent[]; gas: bigint }
  /** The abort constant's name; OBJECT for one of `0x1::object`. */
  | { ok: false; code: string; status: string; gas: bigint };

export interface ChainAt {
  store: ForkStore;
  now: bigint;
}

/** One entry function that ran, as the VM saw it. */
export interface VmRun {
  at: ChainAt;
  sender: Address;
  moduleAddress: Uint8Array;
  module: string;
  name: string;
  /** BCS of each argument. */
  args: Uint8Array[];
  result: VmResult;
}

interface Fn {
  module: string;
  params: MoveType[];
}

export interface Chain {
  readonly vm: MoveVm;
  /** Publishes both packages and initializes the market with the first asset. */
  readonly genesis: ForkStore;
  readonly assets: Address[];
  call(at: ChainAt, who: Address, fn: string, args: unknown[]): ChainResult;
  callCoin(at: ChainAt, fn: string, args: unknown[]): void;
  view(at: ChainAt, fn: string, args: unknown[]): unknown;
  /** Every value that it returns. */
  viewAll(at: ChainAt, fn: string, args: unknown[]): unknown[];
  /** Every abort constant and event of the package. */
  readonly declared: { codes: string[]; events: string[] };
  /** The number of an abort constant of the attestation or stream module. */
  codeOf(name: string): bigint;
  /** Everything that any store holds, by `asset|owner`; frozen and secondary stores count. */
  holdings(store: ForkStore): Map<string, bigint>;
  primaryStore(asset: Address, owner: Address): Address;
  close(): void;
}

const bytesOf = (address: Address): Uint8Array => parseAddress(address) as Uint8Array;

/** Chain arguments: integers as decimal strings. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return Array.isArray(value) ? value.map(plain) : value;
}

/** `onRun` hears of each entry function that runs, from the publications on, also of those that abort. */
export function createChain(packages: Packages, onRun?: (run: VmRun) => void): Chain {
  const vm = createMoveVm();
  const entries = new Map<string, Fn>();
  const views = new Map<string, Fn>();
  const codes = new Map<string, bigint>();
  const declared: { codes: string[]; events: string[] } = { codes: [], events: [] };
  let transactions = 0n;

  const modules = [
    ...packages.protocol.modules.map((module) => ({ ...module, own: true })),
    ...packages.coin.modules.map((module) => ({ ...module, own: false })),
  ];
  for (const { name: module, bytecode, own } of modules) {
    const abi = vm.abi(bytecode) as {
      exposed_functions: Array<{ name: string; is_entry: boolean; is_view: boolean; params: string[] }>;
      structs: Array<{ name: string; is_event: boolean }>;
    };
    const { errors } = parseModule(bytecode);
    if (own) {
      for (const { name, is_event } of abi.structs) if (is_event) declared.events.push(name);
      for (const { name } of errors.values()) if (name.startsWith("E_")) declared.codes.push(name);
    }
    for (const fn of abi.exposed_functions) {
      const params = fn.params.filter((param) => param !== "&signer").map(parseType);
      const key = own ? fn.name : `coin::${fn.name}`;
      if (fn.is_entry) entries.set(key, { module, params });
      if (fn.is_view) views.set(own ? `${module}::${fn.name}` : key, { module, params });
    }
    if (module === "attestation" || module === "payment_stream")
      for (const [code, { name }] of errors) codes.set(name, code);
  }

  function environment(now: bigint): VmEnv {
    transactions += 1n;
    const transactionHash = new Uint8Array(32);
    new DataView(transactionHash.buffer).setBigUint64(0, transactions);
    return { blockHeight: transactions, timestampUsecs: now * MICROS, chainId: CHAIN_ID, transactionHash };
  }

  function encode(fn: Fn, name: string, args: unknown[]): Uint8Array[] {
    if (args.length !== fn.params.length)
      throw new Error(`${name} takes ${fn.params.length} arguments, got ${args.length}`);
    return fn.params.map((type, i) => valueBytes(plain(args[i]), type, () => null, `${name}[${i}]`));
  }

  function execute(
    at: ChainAt,
    who: Address,
    module: string,
    owner: Address,
    name: string,
    args: Uint8Array[],
  ) {
    const moduleAddress = bytesOf(owner);
    const result = vm.executeEntry(
      at.store,
      environment(at.now),
      [bytesOf(who)],
      { moduleAddress, module, function: name, typeArgs: [], args },
      MAX_GAS,
    );
    onRun?.({ at, sender: who, moduleAddress, module, name, args, result });
    return result;
  }

  function run(at: ChainAt, who: Address, owner: Address, key: string, args: unknown[]): ChainResult {
    const fn = entries.get(key);
    if (!fn) throw new Error(`the package has no entry ${key}`);
    const name = key.replace("coin::", "");
    const result = execute(at, who, fn.module, owner, name, encode(fn, name, args));
    if (result.ok) return { ok: true, events: ownEvents(result.events), gas: result.gasUsed };
    return { ok: false, code: codeName(result), status: result.vmStatus, gas: result.gasUsed };
  }

  function must(result: { ok: boolean }): void {
    if (!result.ok) throw new Error(`setting up failed: ${JSON.stringify(result, (_, v) => String(v))}`);
  }

  function publish(at: ChainAt, owner: Address, built: BuiltPackage): void {
    const code = new BcsWriter(4096).vector(built.modules, (w, m) => w.bytes(m.bytecode)).finish();
    const metadata = new BcsWriter(built.metadata.length + 5).bytes(built.metadata).finish();
    const one = `0x${"1".padStart(64, "0")}`;
    must(execute(at, owner, "code", one, "publish_package_txn", [metadata, code]));
  }

  const genesis = createForkStore();
  const start: ChainAt = { store: genesis, now: GENESIS_SECS };
  vm.initialize(genesis, environment(start.now));
  publish(start, PACKAGE, packages.protocol);
  publish(start, COIN, packages.coin);

  const view = (at: ChainAt, key: string, args: unknown[]): unknown => viewAll(at, key, args)[0];

  function viewAll(at: ChainAt, key: string, args: unknown[]): unknown[] {
    const fn = views.get(key);
    if (!fn) throw new Error(`the package has no view ${key}`);
    const name = key.split("::")[1] as string;
    const moduleAddress = bytesOf(key.startsWith("coin::") ? COIN : PACKAGE);
    const call = {
      moduleAddress,
      module: fn.module,
      function: name,
      typeArgs: [],
      args: encode(fn, name, args),
    };
    return vm.view(at.store, environment(at.now), call, MAX_GAS);
  }

  const assets = view(start, "coin::assets", []) as Address[];
  must(run(start, PACKAGE, PACKAGE, "initialize", [assets[0]]));
  must(run(start, PACKAGE, PACKAGE, "set_asset_allowed", [assets[1], true]));

  return {
    vm,
    genesis,
    assets,
    declared,
    call: (at, who, fn, args) => run(at, who, fn.startsWith("coin::") ? COIN : PACKAGE, fn, args),
    callCoin: (at, fn, args) => must(run(at, COIN, COIN, `coin::${fn}`, args)),
    view,
    viewAll,
    codeOf(name) {
      const code = codes.get(name);
      if (code === undefined) throw new Error(`no module names ${name}`);
      return code;
    },
    holdings,
    primaryStore: (asset, owner) =>
      toHex(sha3(Buffer.concat([bytesOf(owner), bytesOf(asset), Buffer.from([0xfc])]))),
    close: () => vm.close(),
  };
}

export const GENESIS_SECS = 1_700_000_000n;

function ownEvents(events: VmEvent[]): ChainEvent[] {
  const own: ChainEvent[] = [];
  for (const { type, data } of events) {
    const [address, module, name] = type.split("::");
    if (!address || formatAddress(bytesOf(address)) !== PACKAGE || !name) continue;
    own.push({ type: `${module}::${name}`, name, data: data as Record<string, unknown> });
  }
  return own;
}

function codeName(failure: { vmStatus: string; abort: { module: string; code: bigint } | null }): string {
  if (failure.abort?.module === "0x1::object") return "OBJECT";
  return /: (E_?\w+)\(0x/.exec(failure.vmStatus)?.[1] ?? failure.vmStatus;
}

const OBJECT_SUFFIX = resourceSuffix("0x1::object::ObjectCore");
/** ObjectCore: guid counter, then the owner. */
const OWNER_OFFSET = 8;
/** FungibleStore: metadata, then the balance. */
const BALANCE_OFFSET = 32;

function holdings(store: ForkStore): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const id of fungibleStoresOf(store)) {
    const bytes = Buffer.from(store.lookup(id) as Uint8Array);
    const address = id.slice(0, ADDRESS_LENGTH);
    const core = store.lookup(address + OBJECT_SUFFIX);
    const owner = core ? core.subarray(OWNER_OFFSET, OWNER_OFFSET + ADDRESS_LENGTH) : fromLatin1(address);
    const key = `${toHex(bytes.subarray(0, ADDRESS_LENGTH))}|${toHex(owner)}`;
    sums.set(key, (sums.get(key) ?? 0n) + bytes.readBigUInt64LE(BALANCE_OFFSET));
  }
  return sums;
}
