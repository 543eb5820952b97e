# Sourced by demo.sh, test.sh and .ci/run: installs what is missing on Debian 12 / Ubuntu 22.04 and newer.
#
# need KIND...   build   a linker and C library headers (rustc links with cc)
#                render  software Vulkan, so that there is a GPU to draw with on every machine
#                window  the X11 and keyboard libraries that a window loads when it opens
#                faults  strace, by which tests let system calls fail
#                check   independent readers, a virtual display and what a screen reader hears, for the acceptance checks
#                learn   PyTorch for the processor, for what the docs say about training
# Nothing is installed when everything is there already, or with NO_INSTALL=1 (`--no-install`).

packages_of() {
    case $1 in
        build) echo "gcc libc6-dev" ;;
        render) echo "libvulkan1 mesa-vulkan-drivers" ;;
        window) echo "libx11-6 libx11-xcb1 libxcursor1 libxi6 libxkbcommon0 libxkbcommon-x11-0 libwayland-client0" ;;
        faults) echo "strace" ;;
        check) echo "python3-venv dcmtk dicom3tools xvfb xauth xdotool imagemagick strace chromium dbus libglib2.0-bin at-spi2-core gir1.2-atspi-2.0 python3-gi" ;;
        learn) echo "python3-torch python3-venv" ;;
    esac
}

why_of() {
    case $1 in
        build) echo "to link the program" ;;
        render) echo "to draw with the GPU, or in software where there is none" ;;
        window) echo "to open a window" ;;
        faults) echo "to test what happens when the disk fails" ;;
        check) echo "to check the results with independent tools" ;;
        learn) echo "to train on exports as the docs do" ;;
    esac
}

need() {
    [ "${NO_INSTALL:-0}" = 1 ] && return 0
    if ! command -v dpkg-query >/dev/null 2>&1; then
        echo "This is not Debian or Ubuntu: install a C linker and a Vulkan driver yourself, then use --no-install." >&2
        return 0
    fi
    local kind package missing=""
    for kind in "$@"; do
        for package in $(packages_of "$kind"); do
            if ! dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed'; then
                echo "Missing: $package ($(why_of "$kind"))"
                missing="$missing $package"
            fi
        done
    done
    [ -z "$missing" ] && return 0
    local sudo=""
    [ "$(id -u)" = 0 ] || sudo="sudo"
    echo "Installing:$missing"
    # shellcheck disable=SC2086
    $sudo apt-get update -qq && $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
}

# Whether this system has, or may install, the PyTorch that the pinned MONAI is made for. Debian 12 must.
learnable() {
    local version
    version=$(dpkg-query -W -f='${Version}' python3-torch 2>/dev/null)
    if [ -z "$version" ] && [ "${NO_INSTALL:-0}" != 1 ]; then
        grep -qx 'VERSION_CODENAME=bookworm' /etc/os-release 2>/dev/null && return 0
        version=$(apt-cache policy python3-torch 2>/dev/null | sed -n 's/ *Candidate: //p')
    fi
    case $version in 1.13*) return 0 ;; *) return 1 ;; esac
}

rust_or_say() {
    if ! command -v cargo >/dev/null 2>&1; then
        echo "cargo is not on the PATH: install Rust 1.95 or newer first (rustup)." >&2
        exit 1
    fi
}
