# fastsyncd in a container: built from this checkout as its Debian package, run without root.
#
#   docker build -t fastsyncd .
#   docker run -v fastsyncd:/var/lib/fastsyncd -p 30303:30303 -p 30303:30303/udp fastsyncd \
#       --network mainnet --listen 0.0.0.0:30303
#
# Settings are options behind the name of the image, or variables (FASTSYNCD_NETWORK=mainnet).

FROM debian:12-slim AS build
WORKDIR /src
# The packages alone first, so that a change of the sources does not install them anew.
COPY scripts/install_deps.sh scripts/
RUN apt-get update -qq && scripts/install_deps.sh package && rm -rf /var/lib/apt/lists/*
COPY . .
RUN scripts/package.sh && mv build/release/fastsyncd_*.deb /fastsyncd.deb

FROM debian:12-slim
RUN --mount=type=bind,from=build,source=/fastsyncd.deb,target=/tmp/fastsyncd.deb \
    apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends /tmp/fastsyncd.deb \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o fastsyncd -g fastsyncd -m 750 /var/lib/fastsyncd
USER fastsyncd
# In a container loopback is nobody's: who may reach the status is said by what is published.
ENV FASTSYNCD_DATA_DIR=/var/lib/fastsyncd \
    FASTSYNCD_HTTP=0.0.0.0:8645 \
    FASTSYNCD_HTTP_ALLOW_PUBLIC=true
VOLUME /var/lib/fastsyncd
EXPOSE 8645/tcp 30303/tcp 30303/udp
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=15m --retries=3 \
    CMD ["fastsyncd", "status", "--check"]
ENTRYPOINT ["fastsyncd", "run"]
