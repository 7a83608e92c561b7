/** The real parts a stack is made of, each with `close()`. Services are started by ../services.ts. */
export { type ChainPart, startChain } from "./chain.ts";
export { importDemoImage } from "./demo-image.ts";
export { type DockerPart, startDocker } from "./docker.ts";
export { type IpfsPart, startIpfs } from "./ipfs.ts";
export { assertPortFree, freePort } from "./ports.ts";
export { type PostgresPart, startPostgres } from "./postgres.ts";
export { type ManagedProcess, startProcess } from "./process.ts";
export { findProgram, installPrograms, requireProgram } from "./programs.ts";
export { type RedisPart, startRedis } from "./redis.ts";
export { type S3Part, startS3 } from "./s3.ts";
