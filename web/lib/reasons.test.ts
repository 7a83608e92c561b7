import { expect, it } from "vitest";
import { reasonSentence, refusalSentence } from "./reasons.ts";

it("tells exit codes and known codes with a remedy", () => {
  expect(reasonSentence("EXIT_CODE_3")).toMatch(/exit code 3/);
  expect(reasonSentence("OOM_KILLED")).toMatch(/memory/);
});

it("shows what it doesn't know as it stands", () => {
  expect(reasonSentence("the disk caught fire")).toBe("the disk caught fire.");
  expect(reasonSentence("")).toMatch(/no reason/);
});

it("reads a refusal's code, or else its text", () => {
  expect(refusalSentence("IMAGE_NOT_ALLOWED: evil/image is not on the list")).toMatch(
    /doesn't allow this image/,
  );
  expect(refusalSentence("SOMETHING_NEW: no moon tonight")).toBe("no moon tonight.");
  expect(refusalSentence(undefined)).toMatch(/refused/);
});
