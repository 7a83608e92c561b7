/**
 * The BCS `0x1::code::PackageMetadata` that accompanies a publication.
 * It doesn't know where the package came from.
 */
import { Serializer } from "@aptos-labs/ts-sdk";

export interface PackageDescription {
  name: string;
  upgradePolicy: number;
  /** Upper-case hex of the sources' hash. */
  sourceDigest: string;
  /** The manifest, gzipped. */
  manifest: Uint8Array;
  moduleNames: string[];
  dependencies: Array<{ address: Uint8Array; packageName: string }>;
}

export function encodePackageMetadata(description: PackageDescription): Uint8Array {
  const out = new Serializer();
  const none = () => out.serializeU32AsUleb128(0);
  out.serializeStr(description.name);
  out.serializeU8(description.upgradePolicy);
  out.serializeU64(0); // upgrade_number: the chain counts
  out.serializeStr(description.sourceDigest);
  out.serializeBytes(description.manifest);
  out.serializeU32AsUleb128(description.moduleNames.length);
  for (const name of description.moduleNames) {
    out.serializeStr(name);
    out.serializeBytes(new Uint8Array(0)); // source
    out.serializeBytes(new Uint8Array(0)); // source map
    none(); // extension
  }
  out.serializeU32AsUleb128(description.dependencies.length);
  for (const dependency of description.dependencies) {
    out.serializeFixedBytes(dependency.address);
    out.serializeStr(dependency.packageName);
  }
  none(); // extension
  return out.toUint8Array();
}
