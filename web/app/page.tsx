/** The public live explorer. It doesn't need a wallet, nor load one. */
import { Explorer } from "../components/stream/explorer.tsx";

export default function Page() {
  return <Explorer />;
}
