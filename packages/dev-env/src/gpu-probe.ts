/**
 * The NVIDIA GPUs that jobs on this machine can use: those its driver lists, where the engine can hand them out.
 * It doesn't know other makers' GPUs; without a driver or an engine for them there are none.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import Docker from "dockerode";

export interface Gpu {
  /** The driver's own name for this very card. */
  uuid: string;
  model: string;
  vramGb: number;
}

const QUERY = ["--query-gpu=uuid,name,memory.total", "--format=csv,noheader,nounits"];
const TIMEOUT_MS = 10_000;

/** In the driver's order, which is the one in which engines number them. */
export async function probeGpus(socketPath: string, program = "nvidia-smi"): Promise<Gpu[]> {
  const info = await new Docker({ socketPath }).info();
  if (!Object.keys(info.Runtimes ?? {}).includes("nvidia")) return [];
  return listGpus(program);
}

export async function listGpus(program: string): Promise<Gpu[]> {
  try {
    const { stdout } = await promisify(execFile)(program, QUERY, { timeout: TIMEOUT_MS });
    return stdout.split("\n").flatMap((line) => {
      const [uuid = "", model = "", mebibytes = ""] = line.split(",").map((field) => field.trim());
      return uuid === "" ? [] : [{ uuid, model, vramGb: Math.floor(Number(mebibytes) / 1024) || 0 }];
    });
  } catch {
    return [];
  }
}
