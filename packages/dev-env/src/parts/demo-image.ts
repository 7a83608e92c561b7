/**
 * The image of demonstration jobs: Debian's static busybox and nothing else, imported without any registry.
 * It doesn't know what the jobs do with it.
 */
import { readFileSync } from "node:fs";
import Docker from "dockerode";
import tar from "tar-stream";
import { requireProgram } from "./programs.ts";

const APPLETS = [
  "sh",
  "ls",
  "cat",
  "echo",
  "sleep",
  "date",
  "head",
  "tail",
  "wc",
  "seq",
  "awk",
  "sed",
  "grep",
  "sha256sum",
  "dd",
  "mkdir",
  "rm",
  "cp",
  "touch",
  "true",
  "false",
  "id",
  "df",
  "yes",
  "tr",
  "printf",
  "expr",
  "test",
  "kill",
  "ps",
  "mount",
  "chmod",
  "chown",
  "ln",
  "wget",
  "nc",
  "ping",
  "hostname",
  "env",
  "od",
  "find",
  "uname",
  "free",
  "nproc",
  "mknod",
  "su",
  "ip",
];
const TAG = "computestream/demo";

/** Imports it when the engine lacks it. `imageId` is content-addressed: "sha256:...". */
export async function importDemoImage(socketPath: string): Promise<{ imageId: string }> {
  const docker = new Docker({ socketPath });
  const existing = await docker
    .getImage(`${TAG}:latest`)
    .inspect()
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode === 404) return null;
      throw error;
    });
  if (existing) return { imageId: existing.Id };
  const archive = await rootfs(readFileSync(requireProgram("busybox")));
  const progress = (await docker.importImage(archive as never, { repo: TAG, tag: "latest" })) as unknown;
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(progress as NodeJS.ReadableStream, (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return { imageId: (await docker.getImage(`${TAG}:latest`).inspect()).Id };
}

/** Fixed times, so that the layer's digest depends on busybox alone. */
async function rootfs(busybox: Buffer): Promise<tar.Pack> {
  const pack = tar.pack();
  const common = { mtime: new Date(0), uid: 0, gid: 0 };
  for (const dir of ["bin", "etc", "tmp", "output", "proc", "sys", "dev"]) {
    pack.entry({
      ...common,
      name: `${dir}/`,
      type: "directory",
      mode: dir === "tmp" || dir === "output" ? 0o1777 : 0o755,
    });
  }
  pack.entry({ ...common, name: "bin/busybox", mode: 0o755 }, busybox);
  for (const applet of APPLETS) {
    pack.entry({ ...common, name: `bin/${applet}`, type: "symlink", linkname: "busybox", mode: 0o777 });
  }
  pack.entry(
    { ...common, name: "etc/passwd", mode: 0o644 },
    "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
  );
  pack.entry({ ...common, name: "etc/group", mode: 0o644 }, "root:x:0:\nnogroup:x:65534:\n");
  pack.finalize();
  return pack;
}
