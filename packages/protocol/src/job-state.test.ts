import { describe, expect, it } from "vitest";
import { isEnded, isWaiting, JOB_STATES, jobStateName } from "./job-state.ts";

describe("job states", () => {
  it("have the numbers of the Move module", () => {
    expect(
      ["Pending", "Running", "Completed", "Terminated", "Settled"].map((name) =>
        JOB_STATES.indexOf(name as never),
      ),
    ).toEqual([0, 2, 3, 6, 8]);
    expect(jobStateName(7)).toBe("Expired");
  });

  it.each([-1, 9, 1.5])("don't include %s", (code) => {
    expect(() => jobStateName(code)).toThrow(RangeError);
  });

  it("have ended from Completed on", () => {
    expect(JOB_STATES.filter((state) => !isEnded(state))).toEqual(["Pending", "Accepted", "Running"]);
  });

  it("may wait for the rest of their money in every way a job can end", () => {
    const waiting = ["Completed", "Failed", "Cancelled", "Terminated", "Expired"];
    expect(JOB_STATES.filter(isWaiting)).toEqual(waiting);
  });
});
