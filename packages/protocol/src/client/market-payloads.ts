/**
 * What the market's admin calls: parameters, assets, the admin's succession.
 * It doesn't know bounds: the chain refuses with a named code.
 */
import type { InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import { callsOf } from "./entry-function.ts";
import type { MarketParameters } from "./view-types.ts";

/** Each setter takes a part of the parameters; `{ ...await client.parameters(), feeBps: 50n }` keeps the rest. */
export interface MarketPayloads {
  initializeMarket(asset: string): InputEntryFunctionData;
  setAssetAllowed(asset: string, allowed: boolean): InputEntryFunctionData;
  setFees(p: Pick<MarketParameters, "feeBps" | "keeperShareBps" | "treasury">): InputEntryFunctionData;
  setStakeTerms(
    p: Pick<MarketParameters, "minStake" | "unbondingSecs" | "slashBps" | "reporterRewardBps">,
  ): InputEntryFunctionData;
  setWindows(
    p: Pick<
      MarketParameters,
      "acceptWindowSecs" | "startWindowSecs" | "stallAfterSecs" | "stallGraceSecs" | "claimWindowSecs"
    >,
  ): InputEntryFunctionData;
  setJobBounds(
    p: Pick<MarketParameters, "minDurationSecs" | "maxDurationSecs" | "maxHoldbackSecs">,
  ): InputEntryFunctionData;
  setDisputeTerms(
    p: Pick<
      MarketParameters,
      "arbiter" | "challengeWindowSecs" | "answerWindowSecs" | "arbitrationWindowSecs" | "bondBps"
    >,
  ): InputEntryFunctionData;
  setPaused(paused: boolean): InputEntryFunctionData;
  proposeAdmin(newAdmin: string): InputEntryFunctionData;
  acceptAdmin(): InputEntryFunctionData;
}

export function createMarketPayloads(packageAddress: string): MarketPayloads {
  const call = callsOf(packageAddress, "market");
  return {
    initializeMarket: (asset) => call("initialize", asset),
    setAssetAllowed: (asset, allowed) => call("set_asset_allowed", asset, allowed),
    setFees: (p) => call("set_fees", p.feeBps, p.keeperShareBps, p.treasury),
    setStakeTerms: (p) =>
      call("set_stake_terms", p.minStake, p.unbondingSecs, p.slashBps, p.reporterRewardBps),
    setWindows: (p) =>
      call(
        "set_windows",
        p.acceptWindowSecs,
        p.startWindowSecs,
        p.stallAfterSecs,
        p.stallGraceSecs,
        p.claimWindowSecs,
      ),
    setJobBounds: (p) => call("set_job_bounds", p.minDurationSecs, p.maxDurationSecs, p.maxHoldbackSecs),
    setDisputeTerms: (p) =>
      call(
        "set_dispute_terms",
        p.arbiter,
        p.challengeWindowSecs,
        p.answerWindowSecs,
        p.arbitrationWindowSecs,
        p.bondBps,
      ),
    setPaused: (paused) => call("set_paused", paused),
    proposeAdmin: (newAdmin) => call("propose_admin", newAdmin),
    acceptAdmin: () => call("accept_admin"),
  };
}
