/** A page that isn't there, and where to go instead. */
import Link from "next/link";
import { Empty } from "../components/ui/empty.tsx";

export default function NotFound() {
  return (
    <Empty
      title="There is no such page"
      action={
        <Link href="/" className="btn">
          To the live view
        </Link>
      }
    >
      The address may be mistyped. Jobs and machines are found under their lists.
    </Empty>
  );
}
