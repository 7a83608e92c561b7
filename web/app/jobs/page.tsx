/** All jobs, by state, and one's own. It doesn't fetch: its list does. */
import type { Metadata } from "next";
import { JobList } from "../../components/job/job-list.tsx";

export const metadata: Metadata = { title: "Jobs" };

export default function Page() {
  return <JobList />;
}
