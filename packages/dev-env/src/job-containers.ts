/**
 * The containers and volumes that a provider node of this stack has made, when the stack ends.
 * It doesn't know jobs: the node's labels tell which are its own.
 */
import Docker from "dockerode";

/**
 * `stop` ends what runs and leaves the rest to the node's next start; `remove` also takes containers and volumes away,
 * for a chain that will never be asked about them again. What is gone already is no error.
 */
export async function endJobContainers(
  socketPath: string,
  provider: string,
  mode: "stop" | "remove",
): Promise<void> {
  const docker = new Docker({ socketPath });
  const filters = { label: [`computestream.provider=${provider}`] };
  const containers = await docker.listContainers({ all: mode === "remove", filters });
  await Promise.all(
    containers.map(({ Id }) => {
      const container = docker.getContainer(Id);
      return gone(mode === "remove" ? container.remove({ force: true }) : container.kill());
    }),
  );
  if (mode === "stop") return;
  const { Volumes } = await docker.listVolumes({ filters });
  await Promise.all((Volumes ?? []).map(({ Name }) => gone(docker.getVolume(Name).remove({ force: true }))));
}

/** 404: not there any more; 409: not running any more, or being removed. */
async function gone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const { statusCode } = error as { statusCode?: number };
    if (statusCode !== 404 && statusCode !== 409) throw error;
  }
}
