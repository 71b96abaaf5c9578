# syntax=docker/dockerfile:1
# Each step here runs as a script in .ci/run, which needs no Docker: keep the two together.

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ARG TARGETOS TARGETARCH VERSION=dev
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOAMD64=v2 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$VERSION" -o /out/ragway ./cmd/ragway
RUN mkdir -p /out/data /out/tmp && chmod 1777 /out/tmp

# Nothing but the program, the licences of what is in it, the certificates it needs to call
# out, and two folders to write to.
FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY LICENSE retriever/builtin/NOTICE.md cmd/ragway/third_party.txt /licenses/
COPY --from=build /out/ragway /ragway
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build /out/tmp /tmp
USER 65532:65532
ENV RAGWAY_DATA_DIR=/data \
    RAGWAY_LOG_FORMAT=json \
    XDG_CACHE_HOME=/data/cache
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["/ragway", "healthcheck"]
ENTRYPOINT ["/ragway"]
# Listening on every address needs RAGWAY_API_KEY at run time; without it the server refuses to
# start. It is a flag and no variable so that ingest and healthcheck need no key.
CMD ["serve", "--listen", "0.0.0.0:8080"]
