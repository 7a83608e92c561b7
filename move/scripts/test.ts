/**
 * `npm run move:test [-- [--coverage] filter]`: runs the package's unit tests with the embedded runner.
 * It doesn't know the tests; the closing line is `N passed, N failed`.
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { MoveBuildError, testPackage } from "@computestream/devnet/toolchain";

const packageDir = fileURLToPath(new URL("..", import.meta.url));

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { coverage: { type: "boolean", default: false } },
  });
  const filter = positionals[0];
  const report = await testPackage({
    packageDir,
    namedAddresses: {},
    coverage: values.coverage,
    ...(filter === undefined ? {} : { filter }),
  });
  console.log(report.output);
  for (const [name, percent] of Object.entries(report.coverage ?? {})) {
    console.log(`${name} ${percent.toFixed(2)} % covered`);
  }
  const none = report.passed + report.failed === 0;
  if (none) console.error(filter ? `No test's name contains "${filter}".` : "There are no tests.");
  console.log(`${report.passed} passed, ${report.failed} failed`);
  if (!report.ok || none) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof MoveBuildError ? error.message : error);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
});
