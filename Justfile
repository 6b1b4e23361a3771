# What is done often. `just` alone lists it. Nothing here is needed to build lx: cargo is.

shared := env_var_or_default("LX_SHARED", "../shared")
release := "target/release/lx"

_default:
    @just --list --unsorted

# The release binary
build:
    cargo build --release

# All tests
test *ARGS:
    cargo test {{ARGS}}

# Style: formatting and warnings
lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings

# Where the bytes of the release binary are: sections, then the largest symbols
size: build
    #!/usr/bin/env bash
    set -euo pipefail
    CARGO_PROFILE_RELEASE_STRIP=none cargo build --release --quiet --target-dir target/symbols
    size -A -d {{release}} | awk 'NF == 3 && $2 > 0 { printf "%8d %s\n", $2, $1 }'
    echo
    nm -CS -t d --size-sort --reverse-sort target/symbols/release/lx |
        awk '{ printf "%8d", $2; $1 = $2 = ""; print }' | sed -n 1,40p
    echo
    stat -c '%s bytes in all' {{release}}

# The instructions of the functions whose names contain SYMBOL, in lx or another binary (a demo)
dump SYMBOL BIN="lx":
    #!/usr/bin/env bash
    set -euo pipefail
    CARGO_PROFILE_RELEASE_STRIP=none cargo build --release --quiet --workspace --bin {{BIN}} --target-dir target/symbols
    bin=target/symbols/release/{{BIN}}
    found=0
    while read -r address size kind name; do
        case $kind in [tTwW]) ;; *) continue ;; esac
        found=1
        printf '\n%s: %d bytes\n' "$name" "$((16#$size))"
        objdump -d -C --no-show-raw-insn -M intel --start-address="0x$address" \
            --stop-address="$((16#$address + 16#$size))" "$bin" | tail -n +8
    done < <(nm -CS --defined-only "$bin" | grep -F -- {{quote(SYMBOL)}} || true)
    [ $found = 1 ] || { echo "no function has this in its name (inlined?): "{{quote(SYMBOL)}}; exit 1; }

# Speed, side by side with other readelfs
bench *ARGS: build
    benches/peers {{ARGS}}

# Ten minutes of fuzzing, or as many SECONDS
fuzz SECONDS="600":
    fuzz/run {{SECONDS}}

# lx readelf against GNU readelf over the small corpus; --raise writes better floors down
conformance *ARGS: build
    .ci/conformance {{release}} {{shared}}/conformance {{ARGS}}

# What CI runs
ci:
    bash .ci/run < /dev/null

# Makes the fixtures again and records what GNU readelf 2.40 says of them
golden:
    fixtures/make
    fixtures/record
    git status --short fixtures

# Copies lx to DIR and makes links there for all applets
install DIR="/usr/local/bin": build
    install -Dm755 {{release}} {{DIR}}/lx
    {{DIR}}/lx --install -s -f {{DIR}}
