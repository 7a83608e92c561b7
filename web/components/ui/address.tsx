/** An address or hash, shortened, with the whole of it one click away. It doesn't know what it points to. */
import Link from "next/link";
import { shortAddress } from "../../lib/format.ts";
import { CopyButton } from "./copy-button.tsx";

export function Address({ value, label, href }: { value: string; label: string; href?: string }) {
  const text = (
    <span className="font-mono text-[0.8125em]" title={value}>
      {shortAddress(value)}
    </span>
  );
  return (
    <span className="inline-flex items-center gap-0.5 whitespace-nowrap">
      {href ? (
        <Link href={href} className="link">
          {text}
        </Link>
      ) : (
        text
      )}
      <CopyButton text={value} label={label} />
    </span>
  );
}
