/**
 * Writes of a provider's owner and operator.
 * It doesn't know jobs.
 */
import { z } from "zod";
import { zAddress, zHash32, zU64 } from "../primitives.ts";
import { zMachineFields, zProviderField, zRegistration, zStatusFields } from "./fields.ts";
import { write } from "./write.ts";

const zAmount = zProviderField.extend({ amount: zU64.describe("Base units of the provider's asset.") });

export const PROVIDER_WRITES = {
  "providers/register": write({
    summary: "Register a machine; its stake is taken from the sender",
    calls: "provider_registry::register",
    signer: "owner",
    body: zRegistration,
    build: (payloads, body) => payloads.registerProvider(body),
    aliases: [
      { method: "POST", path: "/api/v1/providers/register" },
      { method: "POST", path: "/api/v1/nodes/register" },
      { method: "POST", path: "/api/v1/register" },
    ],
  }),
  "providers/update": write({
    summary: "Describe the machine anew, while no job uses it",
    calls: "provider_registry::update_machine",
    signer: "owner",
    body: zMachineFields.extend({ provider: zAddress }),
    build: (payloads, { provider, ...machine }) => payloads.updateMachine(provider, machine),
  }),
  "providers/operator": write({
    summary: "Replace the provider node's keys",
    calls: "provider_registry::update_operator",
    signer: "owner",
    body: zProviderField.extend({ operator: zAddress, attestKey: zHash32 }),
    build: (payloads, { provider, operator, attestKey }) =>
      payloads.updateOperator(provider, operator, attestKey),
  }),
  "providers/price": write({
    summary: "Set the prices of new jobs",
    calls: "provider_registry::update_price",
    signer: "owner",
    body: zProviderField.extend({ pricePerHour: zU64, gpuPricePerHour: zU64.prefault("0") }),
    build: (payloads, { provider, pricePerHour, gpuPricePerHour }) =>
      payloads.updatePrice(provider, pricePerHour, gpuPricePerHour),
  }),
  "providers/status": write({
    summary: "Open or close the provider for new jobs",
    calls: "provider_registry::set_status",
    signer: "owner or operator",
    body: zStatusFields,
    build: (payloads, { provider, status }) => payloads.setStatus(provider, status),
  }),
  /** An old name that says one thing of its own. */
  "providers/availability": write({
    summary:
      "Open the provider for new jobs (Active), or close it until its owner opens it again (Maintenance)",
    calls: "provider_registry::set_status",
    signer: "owner or operator",
    body: zProviderField.extend({ available: z.boolean() }),
    build: (payloads, { provider, available }) =>
      payloads.setStatus(provider, available ? "Active" : "Maintenance"),
    aliases: [{ method: "PATCH", path: "/api/v1/providers/:provider/availability" }],
  }),
  "providers/heartbeat": write({
    summary: "Say on chain that the node is there",
    calls: "provider_registry::heartbeat",
    signer: "operator",
    body: zProviderField,
    build: (payloads, { provider }) => payloads.heartbeat(provider),
    aliases: [
      { method: "POST", path: "/api/v1/providers/:provider/heartbeat" },
      { method: "POST", path: "/api/v1/nodes/:provider/heartbeat" },
    ],
  }),
  "providers/stake": write({
    summary: "Add stake",
    calls: "provider_registry::add_stake",
    signer: "owner",
    body: zAmount,
    build: (payloads, { provider, amount }) => payloads.addStake(provider, amount),
  }),
  "providers/unstake": write({
    summary: "Start to unbond stake",
    calls: "provider_registry::request_unstake",
    signer: "owner",
    body: zAmount,
    build: (payloads, { provider, amount }) => payloads.requestUnstake(provider, amount),
  }),
  "providers/withdraw": write({
    summary: "Take out what has unbonded",
    calls: "provider_registry::withdraw_stake",
    signer: "owner",
    body: zProviderField,
    build: (payloads, { provider }) => payloads.withdrawStake(provider),
  }),
  /** An old name that says one thing of its own. */
  "providers/unregister": write({
    summary: "Take the provider out of the market: its status becomes Offline, running jobs go on",
    calls: "provider_registry::set_status",
    signer: "owner or operator",
    body: z.strictObject({ provider: zAddress }),
    build: (payloads, { provider }) => payloads.setStatus(provider, "Offline"),
    aliases: [{ method: "POST", path: "/api/v1/unregister" }],
  }),
} as const;
