/**
 * The Move VM as the chain uses it: the native VM, the devnet's framework, and results in the fullnode's form.
 * It doesn't know transactions, signatures or HTTP.
 */
import { BcsReader } from "../codec/bcs.ts";
import { readValue } from "../codec/move-value.ts";
import { type MoveType, parseType, readStructTag, readTypeTag, substitute } from "../codec/type-tag.ts";
import { writeEnvironment } from "./environment.ts";
import { loadFramework } from "./framework.ts";
import { toFullnodeJson } from "./json.ts";
import { keys } from "./keys.ts";
import { createLayouts } from "./layouts.ts";
import { createNativeVm, decodeEvents, decodeViewResult, type NativeOutcome } from "./native-vm.ts";
import { type DescribeAbort, describeFailure, REASON_MASK } from "./status.ts";
import type { MoveVm, VmEvent, VmResult, VmStore } from "./types.ts";

export { functionHandles, type ImportedFunction } from "./module-imports.ts";
export type { MoveVm, VmCall, VmEnv, VmEvent, VmResult, VmStore } from "./types.ts";

/** A view aborted, ran out of gas or doesn't exist; the message is in the fullnode's words. */
export class VmViewError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "VmViewError";
  }
}

/** Throws where there is no native VM for this machine. One VM serves one store at a time. */
export function createMoveVm(): MoveVm {
  const native = createNativeVm();
  const layouts = createLayouts((bytes) => JSON.parse(native.decodeModule(bytes)));
  const types = new Map<string, MoveType>();

  function typeOf(text: string): MoveType {
    let type = types.get(text);
    if (!type) {
      type = parseType(text);
      types.set(text, type);
    }
    return type;
  }

  function events(store: VmStore, bytes: Uint8Array): VmEvent[] {
    const resolve = layouts.resolver(store);
    return decodeEvents(bytes).map(({ type, json }) => ({
      type,
      data: toFullnodeJson(JSON.parse(json), typeOf(type), resolve),
    }));
  }

  const describeAbort =
    (store: VmStore): DescribeAbort =>
    (address, module, code) => {
      const errors = layouts.module(store, address, module)?.binary.errors;
      return errors?.get(code & REASON_MASK) ?? errors?.get(code) ?? null;
    };

  function result(store: VmStore, outcome: NativeOutcome): VmResult {
    const { gasUsed, error, bytes } = outcome;
    if (error === null) return { ok: true, gasUsed, events: events(store, bytes) };
    return { ok: false, gasUsed, ...describeFailure(error, describeAbort(store)) };
  }

  return {
    keys,
    initialize(store, env) {
      native.initialize(store, env, loadFramework());
      writeEnvironment(store, env);
    },
    executeEntry: (store, env, senders, call, maxGas) =>
      result(store, native.entry(store, env, senders, call, maxGas)),
    executeScript: (store, env, senders, script, maxGas) =>
      result(store, native.script(store, env, senders, script, maxGas)),
    view(store, env, call, maxGas) {
      const { error, bytes } = native.view(store, env, call, maxGas);
      if (error !== null) throw new VmViewError(describeFailure(error, describeAbort(store)).vmStatus);
      const returned: unknown = JSON.parse(decodeViewResult(bytes));
      const fn = layouts
        .module(store, call.moduleAddress, call.module)
        ?.abi.exposed_functions.find(({ name }) => name === call.function);
      if (!fn) throw new VmViewError(`no such function: ${call.module}::${call.function}`);
      const typeArgs = call.typeArgs.map((tag) => readTypeTag(new BcsReader(tag)));
      const values = fn.return.length === 1 ? [returned] : (returned as unknown[]);
      const resolve = layouts.resolver(store);
      return fn.return.map((type, i) =>
        toFullnodeJson(values[i], substitute(typeOf(type), typeArgs), resolve),
      );
    },
    abi: (moduleBytes) => layouts.decode(moduleBytes).abi,
    decodeResource(store, structTag, bytes) {
      const reader = new BcsReader(bytes);
      return readValue(reader, readStructTag(new BcsReader(structTag)), layouts.resolver(store));
    },
    close: () => native.close(),
  };
}
