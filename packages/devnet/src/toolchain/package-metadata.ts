/**
 * The BCS `0x1::code::PackageMetadata` that accompanies a publication.
 * It doesn't know where the package came from.
 */
import { BcsWriter } from "../codec/bcs.ts";

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

const EMPTY = new Uint8Array(0);
const NONE = 0;

export function encodePackageMetadata(description: PackageDescription): Uint8Array {
  return new BcsWriter(1024)
    .str(description.name)
    .u8(description.upgradePolicy)
    .u64(0n) // upgrade_number: the chain counts
    .str(description.sourceDigest)
    .bytes(description.manifest)
    .vector(description.moduleNames, (w, name) => {
      w.str(name).bytes(EMPTY).bytes(EMPTY).u8(NONE); // source, source map, extension
    })
    .vector(description.dependencies, (w, { address, packageName }) => {
      w.raw(address).str(packageName);
    })
    .u8(NONE) // extension
    .finish();
}
