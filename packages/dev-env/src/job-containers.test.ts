/** On a real Docker engine: what a stack leaves behind of a job that still runs when it ends. */
import { randomUUID } from "node:crypto";
import Docker from "dockerode";
import { afterAll, beforeAll, expect, it } from "vitest";
import { endJobContainers } from "./job-containers.ts";
import { type DockerPart, importDemoImage, startDocker } from "./parts/index.ts";

let part: DockerPart;
let docker: Docker;
let image: string;
beforeAll(async () => {
  part = await startDocker();
  docker = new Docker({ socketPath: part.socketPath });
  image = (await importDemoImage(part.socketPath)).imageId;
});
afterAll(() => part?.close());

async function startJob(provider: string): Promise<{ container: Docker.Container; volume: Docker.Volume }> {
  const Labels = { "computestream.provider": provider };
  const Name = `computestream-test-${randomUUID()}`;
  await docker.createVolume({ Name, Labels });
  const container = await docker.createContainer({
    name: Name,
    Image: image,
    Cmd: ["sleep", "600"],
    Labels,
    HostConfig: { NetworkMode: "none", Mounts: [{ Type: "volume", Source: Name, Target: "/output" }] },
  });
  await container.start();
  return { container, volume: docker.getVolume(Name) };
}
const states = async (provider: string) =>
  (
    await docker.listContainers({
      all: true,
      filters: { label: [`computestream.provider=${provider}`] },
    })
  ).map(({ State }) => State);

it("stops what runs and keeps it for the next start, or removes all of it; never another provider's", async () => {
  const [mine, other] = [`0x${randomUUID()}`, `0x${randomUUID()}`];
  try {
    const job = await startJob(mine);
    await startJob(other);

    await endJobContainers(part.socketPath, mine, "stop");
    expect(await states(mine)).toEqual(["exited"]);
    await endJobContainers(part.socketPath, mine, "stop");
    expect((await job.container.inspect()).State.ExitCode).toBe(137);

    await endJobContainers(part.socketPath, mine, "remove");
    expect(await states(mine)).toEqual([]);
    await expect(job.volume.inspect()).rejects.toMatchObject({ statusCode: 404 });
    expect(await states(other)).toEqual(["running"]);
  } finally {
    await endJobContainers(part.socketPath, mine, "remove");
    await endJobContainers(part.socketPath, other, "remove");
  }
});
