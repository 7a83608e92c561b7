/**
 * Compiling and unit-testing a Move package with the embedded compiler.
 * It doesn't know how the result is published.
 */

export interface BuiltPackage {
  name: string;
  /** In dependency order, ready for `0x1::code::publish_package_txn`. */
  modules: Array<{ name: string; bytecode: Uint8Array }>;
  /** BCS PackageMetadata for publish_package_txn. */
  metadata: Uint8Array;
}

export interface BuildOptions {
  /** The package with its own Move.toml; its framework dependency is swapped for the devnet framework in a temporary copy. */
  packageDir: string;
  /** e.g. { computestream: "0xcafe" } */
  namedAddresses: Record<string, string>;
}

export interface TestReport {
  ok: boolean;
  passed: number;
  failed: number;
  /** The runner's own text. */
  output: string;
  /** Per module coverage in percent where asked for. */
  coverage?: Record<string, number>;
}
/** buildPackage(options: BuildOptions): Promise<BuiltPackage>; testPackage(options: BuildOptions & { filter?: string; coverage?: boolean }): Promise<TestReport> */
