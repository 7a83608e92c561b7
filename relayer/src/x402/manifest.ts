/**
 * What a crawler or a client can learn without paying: networks, schemes, assets and the paid routes.
 * It doesn't bind anybody: what a route asks for in its 402 does.
 */
import type { Deployment } from "@computestream/protocol";
import type { MovementNetwork } from "@computestream/x402";
import { PATHS } from "./offers.ts";
import { QUOTE_SECS } from "./quoting.ts";

export function manifestOf(p: {
  deployment: Deployment;
  network: MovementNetwork;
  publicUrl: string;
  feePayer: string;
}) {
  const { deployment, network, publicUrl, feePayer } = p;
  const { address: asset, symbol, decimals } = deployment.asset;
  return {
    x402Version: 2,
    name: "ComputeStream",
    description: "Rent GPUs and CPUs by the second: what isn't used goes back.",
    networks: [network],
    packageAddress: deployment.packageAddress,
    assets: [{ network, asset, symbol, decimals }],
    schemes: [
      { scheme: "stream", network, paymentFlow: "upfront", feePayer },
      { scheme: "exact", network, paymentFlow: "upfront", feePayer },
    ],
    facilitator: { url: `${publicUrl}${PATHS.facilitator}`, feePayer },
    quotes: { method: "POST", url: `${publicUrl}${PATHS.quotes}`, validSeconds: Number(QUOTE_SECS) },
    resources: resourcesOf(publicUrl),
  };
}

export function resourcesOf(publicUrl: string) {
  return [
    {
      method: "POST",
      url: `${publicUrl}${PATHS.quotes}/{quote}/job`,
      description: "Makes the job of a quote.",
      schemes: ["stream", "exact"],
    },
    {
      method: "POST",
      url: `${publicUrl}${PATHS.jobs}/{job}/top-up`,
      description: "Adds seconds to a running job.",
      schemes: ["stream"],
    },
    {
      method: "POST",
      url: `${publicUrl}${PATHS.jobs}/{job}/close`,
      description: "Ends a job; costs nothing.",
      schemes: ["stream"],
    },
  ];
}
