/** The reference under docs/ is what the sources say. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseModule, renderAll, renderFramework } from "./reference.ts";

const SOURCE = `/// Boxes, and who may open them.
/// It doesn't know what is inside.
///
///     closed --open--> open
module computestream::boxes {
    // === Errors ===

    /// The box is locked: bring the key.
    const E_LOCKED: u64 = 3;

    struct Box has key {
        inside: u64
    }

    #[event]
    /// Somebody looked.
    struct BoxOpened has drop, store {
        box: address,
        /// Unix seconds.
        timestamp: u64
    }

    #[view]
    /// What is inside.
    public fun inside(box: address): u64 acquires Box {
        Box[box].inside
    }

    /// Opens it.
    public entry fun open(
        who: &signer, box: address, keys: vector<vector<u8>>
    ) acquires Box {
    }

    #[test_only]
    public fun init_for_test(publisher: &signer) {
    }
}
`;

describe("parseModule", () => {
  it("reads prose, calls, views, events and errors, and nothing that is only for tests", () => {
    expect(parseModule(SOURCE)).toEqual({
      module: "boxes",
      prose: "Boxes, and who may open them.\nIt doesn't know what is inside.\n\n    closed --open--> open",
      entries: [
        {
          name: "open",
          doc: "Opens it.",
          returns: "",
          fields: [
            { name: "who", type: "&signer", doc: "" },
            { name: "box", type: "address", doc: "" },
            { name: "keys", type: "vector<vector<u8>>", doc: "" },
          ],
        },
      ],
      views: [
        {
          name: "inside",
          doc: "What is inside.",
          returns: "u64",
          fields: [{ name: "box", type: "address", doc: "" }],
        },
      ],
      structs: [],
      events: [
        {
          name: "BoxOpened",
          doc: "Somebody looked.",
          returns: "",
          fields: [
            { name: "box", type: "address", doc: "" },
            { name: "timestamp", type: "u64", doc: "Unix seconds." },
          ],
        },
      ],
      errors: [{ code: 3, name: "E_LOCKED", sentence: "The box is locked: bring the key." }],
    });
  });
});

it("docs/reference is up to date (npm run docs:reference)", async () => {
  const dir = join(import.meta.dirname, "../../docs/reference");
  const pages = renderAll().set("framework.md", await renderFramework());
  expect(readdirSync(dir).sort()).toEqual([...pages.keys()].sort());
  for (const [file, text] of pages) expect(readFileSync(join(dir, file), "utf8"), file).toBe(text);
});
