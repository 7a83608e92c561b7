import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BcsWriter } from "../codec/bcs.ts";
import { latin1, parseAddress, toHex } from "../codec/bytes.ts";
import { parseType, type StructType, structTagBytes, typeTagBytes } from "../codec/type-tag.ts";
import { buildPackage } from "../toolchain/index.ts";
import type { BuiltPackage } from "../toolchain/types.ts";
import { createMoveVm, VmViewError } from "./index.ts";
import { createNativeVm } from "./native-vm.ts";
import type { MoveVm, VmCall, VmEnv, VmEvent, VmResult, VmStore } from "./types.ts";

const PROBE = fileURLToPath(new URL("./fixtures/probe", import.meta.url));
const MAX_GAS = 100_000_000n;

const address = (text: string): Uint8Array => parseAddress(text) as Uint8Array;
const padded = (text: string): string => toHex(address(text));
const ONE = address("0x1");
const MOVE = address("0xa");
const ALICE = address("0xa11ce");
const BOB = address("0xb0b");
const PUBLISHER = address("0xcafe");

const u64 = (value: bigint | number): Uint8Array => new BcsWriter(8).u64(BigInt(value)).finish();
const bytes = (value: Uint8Array): Uint8Array => new BcsWriter(value.length + 2).bytes(value).finish();
const hash = (fill: number): Uint8Array => new Uint8Array(32).fill(fill);

class MapStore implements VmStore {
  readonly entries = new Map<string, Uint8Array>();
  get(key: Uint8Array) {
    return this.entries.get(latin1(key)) ?? null;
  }
  set(key: Uint8Array, value: Uint8Array) {
    this.entries.set(latin1(key), value.slice());
  }
  delete(key: Uint8Array) {
    this.entries.delete(latin1(key));
  }
  scan(): Iterator<[Uint8Array, Uint8Array]> {
    throw new Error("the VM doesn't scan");
  }
}

const genesis: VmEnv = {
  blockHeight: 0n,
  timestampUsecs: 1_700_000_000_123_456n,
  chainId: 4,
  transactionHash: hash(0),
};

function call(target: string, args: Uint8Array[] = [], typeArgs: string[] = []): VmCall {
  const [moduleAddress, module, fn] = target.split("::");
  return {
    moduleAddress: address(moduleAddress as string),
    module: module as string,
    function: fn as string,
    typeArgs: typeArgs.map((type) => typeTagBytes(parseType(type))),
    args,
  };
}

let vm: MoveVm;
let store: MapStore;
let probe: BuiltPackage;
let env: VmEnv;
let transactions = 0;

function execute(
  sender: Uint8Array | Uint8Array[],
  target: string,
  args: Uint8Array[] = [],
  maxGas = MAX_GAS,
) {
  transactions += 1;
  env = { ...genesis, transactionHash: hash(transactions) };
  const senders = Array.isArray(sender) ? sender : [sender];
  return vm.executeEntry(store, env, senders, call(target, args), maxGas);
}

function succeed(result: VmResult): VmEvent[] {
  if (!result.ok) throw new Error(result.vmStatus);
  return result.events;
}

const view = (target: string, args: Uint8Array[] = [], typeArgs: string[] = []) =>
  vm.view(store, env, call(target, args, typeArgs), MAX_GAS);

function publish(sender: Uint8Array, built: BuiltPackage): VmResult {
  const code = new BcsWriter(4096).vector(built.modules, (w, m) => w.bytes(m.bytecode)).finish();
  return execute(sender, "0x1::code::publish_package_txn", [bytes(built.metadata), code]);
}

const resource = (owner: Uint8Array, type: string): unknown => {
  const tag = structTagBytes(parseType(type) as StructType);
  const value = store.get(vm.keys.resource(owner, tag));
  return value === null ? null : vm.decodeResource(store, tag, value);
};

beforeAll(async () => {
  vm = createMoveVm();
  store = new MapStore();
  vm.initialize(store, genesis);
  probe = await buildPackage({ packageDir: PROBE, namedAddresses: { probe: "0xcafe" } });
  succeed(execute(ONE, "0x1::transaction_validation::fund", [ALICE, u64(1_000)]));
  succeed(publish(PUBLISHER, probe));
}, 60_000);

afterAll(() => vm.close());

describe("genesis", () => {
  it("makes MOVE at 0xa with eight decimals and a supply of what the faucet minted", () => {
    const metadata = "0x1::fungible_asset::Metadata";
    expect(resource(MOVE, metadata)).toEqual({
      name: "Move Coin",
      symbol: "MOVE",
      decimals: 8,
      icon_uri: "",
      project_uri: "",
    });
    expect(view("0x1::fungible_asset::supply", [MOVE], [metadata])).toEqual([{ vec: ["1000"] }]);
    expect(view("0x1::coin::balance", [ALICE], ["0x1::aptos_coin::AptosCoin"])).toEqual(["1000"]);
  });

  it("keeps accounts where the chain reads them", () => {
    expect(resource(ALICE, "0x1::account::Account")).toEqual({
      authentication_key: padded("0xa11ce"),
      sequence_number: "0",
      guid_creation_num: "0",
      signer_capability_offered: { vec: [] },
    });
  });

  it("answers time and chain id from the environment of each call", () => {
    env = { ...genesis, timestampUsecs: 1_800_000_000_999_999n, chainId: 250 };
    expect(view("0xcafe::probe::now_and_chain")).toEqual(["1800000000", "1800000000999999", 250]);
  });

  it("runs init_module with the time and chain of its transaction", () => {
    expect(resource(PUBLISHER, "0xcafe::probe::Config")).toMatchObject({
      started_at: "1700000000123456",
      chain: 4,
    });
  });

  it("lets nobody but 0x1 call what the chain calls", () => {
    const result = execute(ALICE, "0x1::transaction_validation::fund", [ALICE, u64(1)]);
    expect(result).toMatchObject({
      ok: false,
      abort: { module: "0x1::system_addresses", code: 0x50003n },
    });
  });

  it("burns fees out of the supply and counts sequence numbers", () => {
    succeed(execute(ONE, "0x1::transaction_validation::fund", [BOB, u64(100)]));
    const before = BigInt(
      (view("0x1::fungible_asset::supply", [MOVE], ["0x1::fungible_asset::Metadata"])[0] as { vec: string[] })
        .vec[0] as string,
    );
    const yes = Uint8Array.of(1);
    succeed(execute(ONE, "0x1::transaction_validation::epilogue", [ALICE, BOB, u64(30), yes]));
    const after = view("0x1::fungible_asset::supply", [MOVE], ["0x1::fungible_asset::Metadata"]);
    expect(after).toEqual([{ vec: [String(before - 30n)] }]);
    expect(view("0x1::account::get_sequence_number", [ALICE])).toEqual(["1"]);
    expect(view("0x1::coin::balance", [BOB], ["0x1::aptos_coin::AptosCoin"])).toEqual(["70"]);
  });
});

describe("events and values", () => {
  it("writes every type as the fullnode does", () => {
    const events = succeed(execute(ALICE, "0xcafe::probe::make_thing", [u64(42)]));
    // sha3_256(transaction hash, 1 as u64, 0xFB)
    const preimage = Buffer.concat([env.transactionHash, u64(1), Uint8Array.of(0xfb)]);
    const thing = `0x${createHash("sha3-256").update(preimage).digest("hex")}`;
    expect(events).toEqual([
      {
        type: "0xcafe::probe::Everything",
        data: {
          a: 255,
          b: 4294967295,
          c: "42",
          d: "340282366920938463463374607431768211455",
          e: "1",
          f: true,
          who: padded("0xa11ce"),
          special: "0xa",
          bytes: "0x00ff",
          no_bytes: "0x",
          lists: ["0x01", "0x"],
          text: 'h"i',
          some: { vec: ["5"] },
          none: { vec: [] },
          thing: { inner: thing },
          inner: [{ flag: false, small: 9 }],
        },
      },
      { type: "0xcafe::probe::Empty", data: { dummy_field: false } },
    ]);
    expect(resource(address(thing), "0xcafe::probe::Thing")).toEqual({ number: "42" });
    expect(resource(address(thing), "0x1::object::ObjectCore")).toMatchObject({ owner: padded("0xa11ce") });
    expect(view("0xcafe::probe::number", [address(thing)])).toEqual(["42"]);
  });

  it("returns each value of a view in its type's form", () => {
    const list = new BcsWriter(20).vector([1n, 2n], (w, v) => w.u64(v)).finish();
    expect(view("0xcafe::probe::wrapped", [list], ["u64"])).toEqual([{ vec: [["1", "2"]] }, "0x"]);
    expect(view("0xcafe::probe::asset_of", [BOB, MOVE])).toEqual([{ inner: "0xa" }, "70", 8]);
  });

  it("reads a table's items at the handle that the resource names", () => {
    succeed(execute(ALICE, "0xcafe::probe::keep", [u64(9)]));
    const config = resource(PUBLISHER, "0xcafe::probe::Config") as { entries: { handle: string } };
    const item = store.get(vm.keys.tableItem(address(config.entries.handle), u64(9)));
    // flag: true, small: 3
    expect(item).toEqual(Uint8Array.of(1, 3, 0));
  });

  it("tells what every key of the store is", () => {
    const kinds = [...store.entries.keys()].map((key) => vm.keys.parse(Buffer.from(key, "latin1"))?.kind);
    expect(new Set(kinds)).toEqual(new Set(["module", "resource", "table_item", "other"]));
    expect(vm.keys.parse(vm.keys.module(PUBLISHER, "probe"))).toEqual({
      kind: "module",
      address: PUBLISHER,
      name: "probe",
    });
    expect(vm.keys.parse(Uint8Array.of(1, 2, 3))).toBeNull();
  });
});

describe("calls", () => {
  const lastThing = (): Uint8Array => {
    const events = succeed(execute(ALICE, "0xcafe::probe::make_thing", [u64(2)]));
    const { thing } = (events[0] as VmEvent).data as { thing: { inner: string } };
    return address(thing.inner);
  };

  it("checks an object argument before the function runs", () => {
    const result = execute(ALICE, "0xcafe::probe::set_number", [address("0x1234"), u64(2)]);
    expect(result).toMatchObject({ ok: false, abort: { module: "0x1::object", code: 0x60002n } });
  });

  it("moves MOVE between primary stores at Aptos' addresses", () => {
    const before = BigInt(view("0x1::coin::balance", [ALICE], ["0x1::aptos_coin::AptosCoin"])[0] as string);
    const carol = address("0xca401");
    const events = succeed(execute(ALICE, "0xcafe::probe::pay", [MOVE, carol, u64(25)]));
    const storeOf = (owner: Uint8Array) =>
      `0x${createHash("sha3-256")
        .update(Buffer.concat([owner, MOVE, Uint8Array.of(0xfc)]))
        .digest("hex")}`;
    expect(events).toEqual([
      { type: "0x1::fungible_asset::Withdraw", data: { store: storeOf(ALICE), amount: "25" } },
      { type: "0x1::fungible_asset::Deposit", data: { store: storeOf(carol), amount: "25" } },
    ]);
    expect(
      view("0x1::primary_fungible_store::balance", [carol, MOVE], ["0x1::fungible_asset::Metadata"]),
    ).toEqual(["25"]);
    expect(view("0x1::coin::balance", [ALICE], ["0x1::aptos_coin::AptosCoin"])).toEqual([
      String(before - 25n),
    ]);
  });

  it("checks Ed25519 signatures as Node makes them", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const key = publicKey.export({ format: "der", type: "spki" }).subarray(-32);
    const message = Buffer.from("usage");
    const signature = sign(null, message, privateKey);
    expect(view("0xcafe::probe::checks", [bytes(key), bytes(message), bytes(signature)])).toEqual([true]);
    const other = Buffer.from("usagf");
    expect(view("0xcafe::probe::checks", [bytes(key), bytes(other), bytes(signature)])).toEqual([false]);
    const short = signature.subarray(1);
    expect(() => view("0xcafe::probe::checks", [bytes(key), bytes(message), bytes(short)])).toThrow(
      /^Move abort in 0x1::ed25519: E_WRONG_SIGNATURE_SIZE\(0x10002\): /,
    );
  });

  it("takes one signer a parameter, in order", () => {
    expect(execute([ALICE, BOB], "0xcafe::probe::both_sign").ok).toBe(true);
    expect(execute([ALICE, ALICE], "0xcafe::probe::both_sign")).toMatchObject({
      ok: false,
      vmStatus: "Move abort in 0xcafe::probe: 0x63",
      abort: { module: "0xcafe::probe", code: 99n },
    });
    expect(execute([ALICE], "0xcafe::probe::both_sign")).toMatchObject({
      vmStatus: "Transaction Executed and Committed with Error NUMBER_OF_SIGNER_ARGUMENTS_MISMATCH",
    });
  });

  it("names the constant and its sentence, with and without a category", () => {
    const thing = lastThing();
    expect(execute(ALICE, "0xcafe::probe::set_number", [thing, u64(3)])).toMatchObject({
      vmStatus: "Move abort in 0xcafe::probe: E_ODD(0x7): The number must be even.",
      abort: { module: "0xcafe::probe", code: 7n },
    });
    expect(execute(BOB, "0xcafe::probe::set_number", [thing, u64(4)])).toMatchObject({
      vmStatus: "Move abort in 0xcafe::probe: E_FORBIDDEN(0x50008): Nobody may do this.",
      abort: { module: "0xcafe::probe", code: 0x50008n },
    });
    expect(view("0xcafe::probe::number", [thing])).toEqual(["2"]);
    expect(() => view("0xcafe::probe::odd")).toThrow(VmViewError);
  });

  it("writes nothing when a call fails", () => {
    const before = new Map(store.entries);
    expect(execute(ALICE, "0xcafe::probe::pay", [MOVE, BOB, u64(10_000_000)])).toMatchObject({
      ok: false,
      abort: { module: "0x1::fungible_asset", code: 0x10004n },
    });
    expect(store.entries).toEqual(before);
  });

  it("reports an arithmetic failure with its place", () => {
    expect(execute(ALICE, "0xcafe::probe::underflow", [u64(0)])).toMatchObject({
      ok: false,
      abort: null,
      vmStatus: expect.stringMatching(
        /^Execution failed in 0xcafe::probe::<function \d+> at code offset \d+ \(ARITHMETIC_ERROR\)$/,
      ),
    });
  });

  it("stops at the gas limit and charges all of it", () => {
    expect(execute(ALICE, "0xcafe::probe::forever", [], 50_000n)).toEqual({
      ok: false,
      gasUsed: 50_000n,
      vmStatus: "Out of gas",
      abort: null,
    });
  });

  it("says what can't be called", () => {
    const failed = "Transaction Executed and Committed with Error";
    expect(execute(ALICE, "0xcafe::nowhere::f")).toMatchObject({ vmStatus: `${failed} LINKER_ERROR` });
    expect(execute(ALICE, "0xcafe::probe::nothing")).toMatchObject({
      vmStatus: `${failed} FUNCTION_RESOLUTION_FAILURE`,
    });
    expect(execute(ALICE, "0xcafe::probe::odd").ok).toBe(false);
    expect(() => view("0xcafe::probe::keep", [u64(1)])).toThrow(VmViewError);
  });

  it("passes on what the store throws, and works again afterwards", () => {
    const broken: VmStore = {
      get: () => {
        throw new Error("disk on fire");
      },
      set: () => {},
      delete: () => {},
      scan: () => store.scan(),
    };
    expect(() => vm.executeEntry(broken, genesis, [ALICE], call("0xcafe::probe::forever"), MAX_GAS)).toThrow(
      "disk on fire",
    );
    expect(view("0xcafe::probe::now_and_chain")[2]).toBe(4);
  });
});

describe("publishing", () => {
  it("publishes again what is compatible and counts the upgrade", () => {
    succeed(publish(PUBLISHER, probe));
    expect(resource(PUBLISHER, "0x1::code::PackageRegistry")).toMatchObject({
      packages: [{ name: "Probe", upgrade_number: "1", modules: [{ name: "probe" }] }],
    });
  });

  it("refuses code for another address", () => {
    expect(publish(BOB, probe)).toMatchObject({ ok: false, abort: null });
  });

  it("shows a module's ABI in the fullnode's shape", () => {
    const abi = vm.abi(probe.modules[0]?.bytecode as Uint8Array) as {
      address: string;
      exposed_functions: Array<{ name: string }>;
      structs: Array<{ name: string }>;
    };
    expect(abi.address).toBe(padded("0xcafe"));
    expect(abi.exposed_functions.find((fn) => fn.name === "set_number")).toEqual({
      name: "set_number",
      visibility: "private",
      is_entry: true,
      is_view: false,
      generic_type_params: [],
      params: ["&signer", `0x1::object::Object<${padded("0xcafe")}::probe::Thing>`, "u64"],
      return: [],
    });
    expect(abi.structs.find((struct) => struct.name === "Empty")).toMatchObject({
      is_event: true,
      is_native: false,
      abilities: ["drop", "store"],
    });
    expect(abi.structs.find((struct) => struct.name === "Thing")).toMatchObject({
      is_event: false,
      fields: [{ name: "number", type: "u64" }],
    });
  });

  it("refuses bytes that are no module", () => {
    expect(() => vm.abi(Uint8Array.of(1, 2, 3, 4, 5))).toThrow();
  });
});

describe("the portable binding", () => {
  it("reads and writes the store like the fast one", () => {
    const outcomes = [true, false].map((portable) => {
      const native = createNativeVm({ portable });
      const copy = new MapStore();
      for (const [key, value] of store.entries) copy.entries.set(key, value);
      const outcome = native.entry(copy, genesis, [ALICE], call("0xcafe::probe::keep", [u64(77)]), MAX_GAS);
      native.close();
      return { outcome, entries: copy.entries };
    });
    expect(outcomes[0]?.outcome.error).toBeNull();
    expect(outcomes[0]?.entries.size).toBe(store.entries.size + 1);
    expect(outcomes[0]).toEqual(outcomes[1]);
  });
});
