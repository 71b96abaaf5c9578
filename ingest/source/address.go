package source

import (
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// ErrPrivateAddress is of a host whose address is not one of the public internet.
var ErrPrivateAddress = errors.New("not a public address: add --allow-private if it is meant")

// onlyPublic is a net.Dialer's Control. It sees the address that is about to be connected
// to, after resolution, so that no answer of a name server leads into the network that
// ragway itself stands in, whatever the name said before.
func onlyPublic(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("address %s: %w", address, err)
	}
	if !isPublic(ap.Addr()) {
		return fmt.Errorf("%s: %w", ap.Addr().WithZone("").Unmap(), ErrPrivateAddress)
	}
	return nil
}

// notPublic are the special-purpose networks of the IANA registries that netip has no
// word for.
var notPublic = prefixes(
	"0.0.0.0/8",       // this network
	"100.64.0.0/10",   // between a carrier and its customers
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation, and the next two
	"198.51.100.0/24", //
	"203.0.113.0/24",  //
	"192.88.99.0/24",  // relays of 6to4
	"198.18.0.0/15",   // benchmarks
	"240.0.0.0/4",     // reserved, and broadcast
	"::/96",           // IPv4-compatible, loopback and unspecified among them
	"64:ff9b:1::/48",  // translation within a network
	"100::/64",        // discarded
	"2001::/23",       // protocol assignments, Teredo among them
	"2001:db8::/32",   // documentation
	"3fff::/20",       // documentation
	"5f00::/16",       // segment routing
	"fec0::/10",       // site-local
)

var (
	translated = netip.MustParsePrefix("64:ff9b::/96") // NAT64: the last four bytes are an IPv4 address
	sixToFour  = netip.MustParsePrefix("2002::/16")    // the four after the prefix are
)

func prefixes(list ...string) (out []netip.Prefix) {
	for _, p := range list {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

// isPublic judges an address that carries an IPv4 address by that one too.
func isPublic(a netip.Addr) bool {
	a = a.WithZone("").Unmap()
	if b := a.As16(); translated.Contains(a) {
		return isPublic(netip.AddrFrom4([4]byte(b[12:])))
	} else if sixToFour.Contains(a) {
		return isPublic(netip.AddrFrom4([4]byte(b[2:6])))
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() { // multicast, loopback, link-local, unspecified
		return false
	}
	for _, p := range notPublic {
		if p.Contains(a) {
			return false
		}
	}
	return true
}
