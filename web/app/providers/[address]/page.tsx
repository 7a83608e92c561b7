/** One machine. It doesn't fetch: its view does. */
import type { Metadata } from "next";
import { ProviderView } from "../../../components/provider/provider-view.tsx";

export const metadata: Metadata = { title: "Machine" };

export default async function Page({ params }: { params: Promise<{ address: string }> }) {
  return <ProviderView address={(await params).address} />;
}
