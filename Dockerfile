# One image for every service: the command decides which. `--target web` is the built dashboard.
# The devnet's compiler and VM (development only, see README) are in `devnet` alone: the other targets are installed
# from the lock file without the workspaces that need them.
FROM node:22-bookworm-slim AS base
WORKDIR /app
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 HOST=0.0.0.0
COPY package.json package-lock.json .npmrc ./
COPY packages/protocol/package.json packages/protocol/

FROM base AS service-deps
COPY packages/x402/package.json packages/x402/
COPY indexer/package.json indexer/
COPY relayer/package.json relayer/
COPY provider-node/package.json provider-node/
# Their tests' tools are workspaces that aren't here.
RUN npm pkg delete devDependencies -w @computestream/indexer -w @computestream/relayer -w @computestream/provider-node \
  && npm ci --omit=dev

FROM service-deps AS service
COPY packages/protocol packages/protocol
COPY packages/x402 packages/x402
COPY migrations migrations
COPY indexer indexer
COPY relayer relayer
COPY provider-node provider-node
# A volume takes the owner of what it is mounted over.
RUN mkdir /indexer-key && chown node:node /indexer-key
USER node

FROM base AS web
COPY web/package.json web/
RUN npm ci --include=dev
COPY packages/protocol packages/protocol
COPY web web
COPY tsconfig.base.json ./
RUN npm run build -w web
USER node
WORKDIR /app/web
CMD ["node", "../node_modules/next/dist/bin/next", "start", "-H", "0.0.0.0"]

# Development only: the embedded chain and the script that deploys to it.
FROM base AS devnet
COPY packages/devnet/package.json packages/devnet/
COPY packages/x402/package.json packages/x402/
COPY packages/dev-env/package.json packages/dev-env/
COPY move/package.json move/
COPY indexer/package.json indexer/
COPY relayer/package.json relayer/
COPY provider-node/package.json provider-node/
COPY web/package.json web/
COPY e2e/package.json e2e/
RUN npm ci --include=dev
COPY . .
# Volumes take the owner of what they are mounted over.
RUN mkdir /chain /setup /keys /relayer-key /operator-key && chown node:node /chain /setup /keys /relayer-key /operator-key
USER node
