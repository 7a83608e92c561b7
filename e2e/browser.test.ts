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

let running: string;

it("opens what is private by one signature, for this wallet and until it signs out", async () => {
  await page.goto(`${stack.web?.url}/jobs/new`);
  await byId("job-title").fill("To be watched and stopped");
  await byId("job-image").fill(stack.demoImage);
  await byId("job-command").fill(`sh -c "while true; do sleep 1; done"`);
  await byId("job-duration").fill("300");
  await until("submit is enabled", async () => byId("job-submit").isEnabled());
  await byId("job-submit").click();
  await byId("wallet-approve").click();
  await page.waitForURL(/\/jobs\/0x[0-9a-f]{64}$/);
  running = page.url().split("/").at(-1) as string;
  await until("the chart has points", async () => (await points()) >= 3);

  await byId("sign-in").click();
  await byId("wallet-reject").click();
  await until("a refusal is told", async () =>
    (await byId("sign-in-error").innerText()).includes("didn't sign"),
  );
  await signIn();
  await until("telemetry is drawn", async () => (await count("telemetry", "data-samples")) >= 1);
  await until("proofs are listed", async () => (await count("attestations", "data-count")) >= 3);
  await byId("open-logs").click();
  await until("the logs open", async () => (await byId("job-logs").count()) === 1);
  expect(await byId("wallet-approve").count(), "another signature").toBe(0);

  // Another account in the wallet has no session; the first has its own again, unasked.
  const key = "computestream.dev-wallet.key";
  const first = (await kept("dev-wallet.key"))[0] as string;
  await page.evaluate(`localStorage.removeItem("${key}")`);
  await page.reload();
  await byId("stop-job").waitFor({ state: "hidden" });
  await until(
    "another account is connected",
    async () => (await page.getByText("not the buyer's").count()) === 1,
  );
  expect(await byId("job-private").count()).toBe(0);
  await page.goto(`${stack.web?.url}/me`);
  await byId("sign-in").waitFor();
  await page.evaluate(`localStorage.setItem("${key}", "${first}")`);
  await page.reload();
  await until("the session is back", async () => (await byId("session-line").count()) === 1);

  // As by another device's "sign out everywhere": the page asks again, and says why.
  const { accessToken } = JSON.parse((await kept(".session."))[0] as string) as { accessToken: string };
  const ended = await fetch(`${stack.indexer.url}/api/v1/auth/sign-out`, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}`, "content-type": "application/json" },
    body: JSON.stringify({ all: true }),
  });
  expect(await ended.json()).toEqual({ revoked: 1 });
  await page.goto(`${stack.web?.url}/jobs/${running}`);
  await until("the end is told", async () =>
    (await byId("sign-in-panel").innerText()).includes("Your session has ended."),
  );
  await signIn();
  await until("proofs are listed again", async () => (await count("attestations", "data-count")) >= 3);
});

it("shows a wallet's credits and debits as the chain has them", async () => {
  await page.goto(`${stack.web?.url}/me`);
  const job = await stack.chain.getJob(running);
  const stream = await stack.chain.getStream(running);
  await until("the running job's deposit is the newest line", async () => {
    const line = byId("ledger-line").first();
    return (
      (await line.getAttribute("data-kind")) === "deposit" &&
      (await line.getAttribute("data-base-units")) === String(stream?.deposited)
    );
  });
  expect(job?.state).toBe("Running");
  expect(await byId("ledger-line").first().getAttribute("data-direction")).toBe("debit");
  await byId("connect-wallet").click();
  await byId("sign-out").click();
  await byId("sign-in").waitFor();
  expect(await kept(".session.")).toEqual([]);
});

it("stops a running job from its page and gets the rest back", async () => {
  await page.goto(`${stack.web?.url}/jobs/${running}`);
  // 60 s more at 123,450,000 an hour: 2,057,500, read from the chain.
  await byId("step-extend").click();
  await until("an extension's cost is told", async () =>
    (await byId("step-sign").innerText()).includes("0.020575 MOVE"),
  );
  await byId("stop-job").click();
  await byId("wallet-approve").click();
  const row = await waitForSettled(running);
  expect(row.outcome).toBe("Terminated");
  expect(BigInt(row.refunded)).toBeGreaterThan(0n);
  expect(BigInt(row.paidToProvider) + BigInt(row.fees) + BigInt(row.refunded)).toBe(BigInt(row.deposited));
});

it("lets an owner register a machine, close it, price it and take stake out", async () => {
  const operator = await stack.newAccount(0n);
  await page.goto(`${stack.web?.url}/providers/new`);
  await page.getByLabel("Name", { exact: true }).fill("Made by clicking");
  await page.getByLabel("Operator address").fill(operator.accountAddress.toStringLong());
  await page.getByLabel("Attestation key").fill(operator.publicKey.toString());
  await page.getByLabel("Price per hour (MOVE)").fill("1");
  await page.getByLabel("Stake (MOVE)").fill("3");
  await byId("register-submit").click();
  await byId("wallet-approve").click();
  await page.waitForURL(/\/providers\/0x[0-9a-f]{64}$/);
  const machine = page.url().split("/").at(-1) as string;
  const onChain = async () => await stack.chain.getProvider(machine);

  await step("owner-status", () => byId("set-Maintenance").click());
  await until("it is closed", async () => (await onChain())?.status === "Maintenance");
  await until("the page says so", async () => (await byId("provider-status").innerText()) === "Maintenance");
  await step("owner-price", () => byId("owner-pricePerHour").fill("1.25"));
  // 1.25 MOVE of 100,000,000 base units.
  await until("it costs more", async () => (await onChain())?.pricePerHour === 125_000_000n);
  await step("owner-unstake", () => byId("owner-amount").fill("0.5"));
  await until(
    "stake is leaving",
    async () => (await stack.chain.getStake(machine))?.unbonding === 50_000_000n,
  );
  // It has to wait, and the page says so before anything is signed.
  await byId("owner-withdraw").click();
  await until("the wait is told", async () =>
    /can be withdrawn from/.test(await byId("owner-problem").innerText()),
  );
  await byId("owner-sign").click();
  expect(await byId("wallet-approve").count()).toBe(0);
});

it("threw no error on any page", () => {
  expect(consoleErrors).toEqual([]);
});

async function count(id: string, attribute: string): Promise<number> {
  return (await byId(id).count()) === 1 ? Number(await byId(id).getAttribute(attribute)) : 0;
}

/** What the browser keeps for the site under names with `part` in them. */
async function kept(part: string): Promise<string[]> {
  const { origins } = await context.storageState();
  return origins.flatMap((o) => o.localStorage.filter((e) => e.name.includes(part)).map((e) => e.value));
}

async function signIn(): Promise<void> {
  await byId("sign-in").click();
  await byId("wallet-approve").click();
}

/** One step of an owner: opened, filled in, signed. */
async function step(id: string, fill: () => Promise<void>): Promise<void> {
  await byId(id).click();
  await fill();
  await byId("owner-sign").click();
  await byId("wallet-approve").click();
  await byId("owner-panel").waitFor({ state: "hidden" });
}

async function waitForSettled(job: string) {
  while ((await stack.chain.getJob(job))?.state !== "Settled") await page.waitForTimeout(500);
  return waitForMirror(stack, job);
}
