# Donna Gateway, the PHP application and the web server before it, as three images (ADR 0038, deploy/README.md).
#   docker build --tag donna-gateway .
#   docker build --tag donna-php --target php .
#   docker build --tag donna-php-web --target php-web .
# The version of Node is package.json's own (optionalDependencies); test/packaging holds the two together.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim
ARG PHP_IMAGE=php:8.3-fpm-bookworm
ARG NGINX_IMAGE=nginx:1.28-alpine

# What runs is JavaScript alone: it is built once, on the builder's own kind of processor, for all others.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# What the lock says. Not `npm ci`, which refuses a lock without the packages of other systems. Scripts of packages are not run.
RUN --mount=type=cache,target=/root/.npm npm install --no-save --ignore-scripts
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY scripts/build-server.mjs scripts/build-client.mjs scripts/write-notices.mjs scripts/
COPY scripts/licences scripts/licences
COPY src src
RUN npm run build

FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS modules
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
# Optional are the pinned Node, which the image is, and PHP as WebAssembly. Embedded Postgres belongs to one process on one disk: an
# image has DATABASE_URL. Types and maps of others' code are read by nobody.
RUN --mount=type=cache,target=/root/.npm npm install --no-save --ignore-scripts --omit=dev --omit=optional \
    && rm -rf node_modules/@electric-sql \
    && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' \) -delete

# php-fpm. The same paths as in legacy-php/nginx.conf.example.
FROM ${PHP_IMAGE} AS php
COPY legacy-php/php.ini /usr/local/etc/php/conf.d/zz-donna.ini
COPY deploy/php/fpm-pool.conf /usr/local/etc/php-fpm.d/zzz-donna.conf
COPY legacy-php /srv/donna/legacy-php
RUN install -d -o www-data -g www-data -m 0700 /srv/donna/data
ENV NODE_ENV=production DONNA_DATA_DIR=/srv/donna/data
WORKDIR /srv/donna/legacy-php
# www-data
USER 33:33
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --start-interval=1s \
    CMD ["php", "-n", "-r", "exit(@fsockopen('127.0.0.1', 9000, $e, $m, 2) ? 0 : 1);"]

# nginx before php-fpm, by the application's own example. Well is also who refuses (403): with REQUIRE_GATEWAY PHP answers signed calls alone.
FROM ${NGINX_IMAGE} AS php-web
COPY deploy/php/nginx.conf /etc/nginx/nginx.conf
COPY legacy-php/nginx.conf.example /etc/nginx/donna.conf
RUN sed -i -e 's|listen 127.0.0.1:8080;|listen 8080;|' -e 's|fastcgi_pass unix:/run/php/php-fpm.sock;|fastcgi_pass php;|' /etc/nginx/donna.conf \
    && grep -q 'listen 8080;' /etc/nginx/donna.conf && grep -q 'fastcgi_pass php;' /etc/nginx/donna.conf
COPY legacy-php/public/assets /srv/donna/legacy-php/public/assets
# nginx
USER 101:101
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --start-interval=1s \
    CMD wget -S -O /dev/null http://127.0.0.1:8080/api/health.php 2>&1 | grep -q 'HTTP/1.1 [24]0'

# The last stage is the one that is built unless another is named.
FROM ${NODE_IMAGE} AS gateway
# Nothing is installed in a running container.
RUN rm -rf /usr/local/lib/node_modules /opt/yarn-v* \
    /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /usr/local/bin/yarn /usr/local/bin/yarnpkg
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Donna Gateway" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production PORT=3000
WORKDIR /srv/donna
# All of it belongs to root: who runs it can change nothing of it.
COPY --from=modules /build/node_modules node_modules
COPY package.json routes.yaml routes.pass-through.yaml ./
COPY legacy-php/retention.json legacy-php/
COPY --from=build /build/dist dist
# node
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --start-interval=1s \
    CMD ["node", "-e", "require('node:http').get({ host: '127.0.0.1', port: process.env.PORT, path: '/readyz', timeout: 2000 }, ({ statusCode }) => process.exit(statusCode === 200 ? 0 : 1)).on('timeout', () => process.exit(1)).on('error', () => process.exit(1))"]
# Node itself is told to stop, not a shell; as `npm start` says it.
CMD ["node", "--enable-source-maps", "dist/main.js"]
