/**
 * `npm run move:build`: compiles the package with the embedded compiler and says what came out.
 * It doesn't know how to publish.
 */
import { fileURLToPath } from "node:url";
import { buildPackage, MoveBuildError } from "@computestream/devnet/toolchain";

const packageDir = fileURLToPath(new URL("..", import.meta.url));

async function main(): Promise<void> {
  const built = await buildPackage({ packageDir, namedAddresses: { computestream: "0xcafe" } });
  for (const { name, bytecode } of built.modules) console.log(`${name} ${bytecode.length} bytes`);
  console.log(`${built.name}: ${built.modules.length} modules`);
}

main().catch((error: unknown) => {
  console.error(error instanceof MoveBuildError ? error.message : error);
  process.exitCode = 1;
});
