/**
 * A person in a real browser: connects a wallet, creates a job by clicking, watches it being paid, reads its output.
 * What the page says is compared with the chain.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootStack, type Stack, waitForMirror } from "@computestream/dev-env";
import { requireProgram } from "@computestream/dev-env/parts";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let stack: Stack;
let context: BrowserContext;
let page: Page;
let profile: string;
const consoleErrors: string[] = [];

beforeAll(async () => {
  stack = await bootStack({ web: true });
  profile = mkdtempSync(join(tmpdir(), "computestream-browser-"));
  context = await chromium.launchPersistentContext(profile, {
    executablePath: requireProgram("chromium"),
    headless: true,
    args: FLAGS,
    viewport: { width: 1440, height: 900 },
  });
  page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => consoleErrors.push(error.message));
});
afterAll(async () => {
  await context?.close();
  await (context?.browser() as Browser | null)?.close();
  rmSync(profile ?? "", { recursive: true, force: true });
  await stack?.close();
});

const byId = (id: string) => page.getByTestId(id);
const points = async () => Number(await byId("job-chart").getAttribute("data-points"));
const until = async (what: string, holds: () => Promise<boolean>) => {
  const limit = Date.now() + 90_000;
  while (!(await holds())) {
    if (Date.now() > limit) throw new Error(`never: ${what}`);
    await page.waitForTimeout(250);
  }
};

it("shows the network to a visitor without a wallet", async () => {
  await page.goto(stack.web?.url as string);
  await byId("stat-running").waitFor();
  await page.goto(`${stack.web?.url}/providers`);
  await byId("provider-card").first().waitFor();
  expect(await byId("provider-card").count()).toBe(1);
});

it("takes a buyer from the wallet to a settled, verified job by clicking", async () => {
  await page.goto(`${stack.web?.url}/jobs/new`);
  await byId("connect-wallet").first().click();
  await byId("wallet-dev").click();
  await byId("faucet").first().click();

  await byId("job-title").fill("Made by clicking");
  await byId("job-image").fill(stack.demoImage);
  await byId("job-command").fill(
    `sh -c "for i in 1 2 3 4 5 6 7 8; do echo line $i; sleep 1; done; echo made > /output/made.txt"`,
  );
  await byId("job-duration").fill("30");
  // 123,450,000 base units an hour * 30 s / 3,600 = 1,028,750 = 0.0102875 MOVE.
  await until("the maximum cost is shown", async () =>
    (await byId("job-max-cost").innerText()).includes("0.0102875"),
  );
  await until("submit is enabled", async () => byId("job-submit").isEnabled());
  await byId("job-submit").click();
  await byId("wallet-approve").click();
  await page.waitForURL(/\/jobs\/0x[0-9a-f]{64}$/);
  const job = page.url().split("/").at(-1) as string;

  await until("the job runs", async () => /running/i.test(await byId("job-state").innerText()));
  await until("the chart has points", async () => (await points()) >= 2);
  const moved = await points();
  await until("the chart moves", async () => (await points()) > moved);

  await byId("open-logs").click();
  await byId("wallet-approve").click();
  await until("the logs arrive", async () => (await byId("job-logs").innerText()).includes("line 3"));

  await until("the job is settled", async () =>
    /settled|completed/i.test(await byId("job-state").innerText()),
  );
  const row = await waitForMirror(stack, job);
  expect(row.outcome).toBe("Completed");
  expect(row.secondsBilled).toBeGreaterThanOrEqual(8);
  await until("the final seconds are shown", async () =>
    (await byId("job-seconds-billed").innerText()).includes(String(row.secondsBilled)),
  );
  const chainSays = await stack.chain.getJob(job);
  await until("the output's hash is shown", async () =>
    (await byId("job-output-sha256").innerText())
      .replace(/^0x/, "")
      .startsWith(chainSays?.outputSha256.slice(2, 10) as string),
  );
  await byId("verify-output").first().click();
  // Two copies, S3 and IPFS: each downloaded and hashed in the browser against the chain's value.
  expect(await byId("verify-output").count()).toBe(2);
  for (const copy of [0, 1]) {
    await byId("verify-output").nth(copy).click();
    await until(
      `copy ${copy} is verified`,
      async () => (await byId("verify-result").nth(copy).getAttribute("data-verified")) === "true",
    );
  }
});

it("stops a running job from its page and gets the rest back", async () => {
  await page.goto(`${stack.web?.url}/jobs/new`);
  await byId("job-title").fill("To be stopped");
  await byId("job-image").fill(stack.demoImage);
  await byId("job-command").fill(`sh -c "while true; do sleep 1; done"`);
  await byId("job-duration").fill("60");
  await until("submit is enabled", async () => byId("job-submit").isEnabled());
  await byId("job-submit").click();
  await byId("wallet-approve").click();
  await page.waitForURL(/\/jobs\/0x[0-9a-f]{64}$/);
  const job = page.url().split("/").at(-1) as string;
  await until("the chart has points", async () => (await points()) >= 3);
  await byId("stop-job").click();
  await byId("wallet-approve").click();
  const row = await waitForSettled(job);
  expect(row.outcome).toBe("Terminated");
  expect(BigInt(row.refunded)).toBeGreaterThan(0n);
  expect(BigInt(row.paidToProvider) + BigInt(row.fees) + BigInt(row.refunded)).toBe(BigInt(row.deposited));
});

it("threw no error on any page", () => {
  expect(consoleErrors).toEqual([]);
});

async function waitForSettled(job: string) {
  while ((await stack.chain.getJob(job))?.state !== "Settled") await page.waitForTimeout(500);
  return waitForMirror(stack, job);
}
