/** One job, live. It doesn't fetch: its view does. */
import type { Metadata } from "next";
import { JobView } from "../../../components/job/job-view.tsx";

export const metadata: Metadata = { title: "Job" };

export default async function Page({ params }: { params: Promise<{ address: string }> }) {
  return <JobView address={(await params).address} />;
}
