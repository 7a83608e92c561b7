/** The connected wallet's own: money, ledger, sessions. It doesn't fetch: its view does. */
import type { Metadata } from "next";
import { AccountView } from "../../components/account/account-view.tsx";

export const metadata: Metadata = { title: "My account" };

export default function Page() {
  return <AccountView />;
}
