/** The job wizard. It doesn't load a wallet until one is asked for. */
import type { Metadata } from "next";
import { JobWizard } from "../../../components/job/job-wizard.tsx";

export const metadata: Metadata = { title: "Run a job" };

export default async function Page({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) {
  const { provider } = await searchParams;
  return <JobWizard initialProvider={typeof provider === "string" ? provider : null} />;
}
