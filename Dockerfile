# One image for every service: the command decides which. `--target web` adds the built dashboard.
# The devnet's compiler and VM (development only, see README) are left out of `service` and `web`.
FROM node:22-bookworm-slim AS deps
WORKDIR /app
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1
COPY package.json package-lock.json .npmrc ./
COPY packages/protocol/package.json packages/protocol/
COPY packages/devnet/package.json packages/devnet/
COPY packages/dev-env/package.json packages/dev-env/
COPY move/package.json move/
COPY indexer/package.json indexer/
COPY relayer/package.json relayer/
COPY provider-node/package.json provider-node/
COPY web/package.json web/
COPY e2e/package.json e2e/

FROM deps AS service-deps
RUN npm ci --omit=dev -w @computestream/protocol -w @computestream/indexer -w @computestream/relayer -w @computestream/provider-node

FROM node:22-bookworm-slim AS service
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0
COPY --from=service-deps /app ./
COPY packages/protocol packages/protocol
COPY migrations migrations
COPY indexer indexer
COPY relayer relayer
COPY provider-node provider-node
USER node

FROM deps AS full-deps
RUN npm ci --include=dev

FROM full-deps AS web
COPY packages/protocol packages/protocol
COPY web web
COPY tsconfig.base.json ./
RUN npm run build -w web
USER node
WORKDIR /app/web
CMD ["node", "../node_modules/next/dist/bin/next", "start", "-H", "0.0.0.0"]

# Development only: the embedded chain and the script that deploys to it.
FROM full-deps AS devnet
COPY . .
ENV HOST=0.0.0.0
