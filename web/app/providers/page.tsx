/** All machines, with filters. It doesn't fetch: its list does. */
import type { Metadata } from "next";
import { ProviderList } from "../../components/provider/provider-list.tsx";

export const metadata: Metadata = { title: "Machines" };

export default function Page() {
  return <ProviderList />;
}
