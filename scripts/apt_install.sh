#!/bin/sh
# Installs Debian packages as root, without starting their services: scripts/apt_install.sh PACKAGE...
set -eu
export DEBIAN_FRONTEND=noninteractive

# Debian asks this program before it starts a service. 101 means no.
policy=${DPKG_ROOT-}/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 130' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi

# The lists may be old, or missing. If they cannot be fetched, the next command says what that means.
apt-get update --quiet --quiet || true
apt-get install --quiet --quiet --yes --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"

# They must not start with the machine either.
[ -d "${DPKG_ROOT-}/run/systemd/system" ] || exit 0
for service in nginx transmission-daemon; do
    case " $*" in *" $service"*) systemctl --quiet disable "$service" || true ;; esac
done
