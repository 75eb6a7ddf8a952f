package grant

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

// ParseAddresses reads IPv4 networks and single addresses with commas between them. A network that lies in another is left
// out; a single address stays, since to name it says more than to contain it.
func ParseAddresses(value string) ([]netip.Prefix, error) {
	if strings.TrimSpace(value) == "" {
		return nil, errors.New("no address: write networks and addresses such as 192.168.12.96/29,192.168.12.120")
	}
	var out []netip.Prefix
	for item := range strings.SplitSeq(value, ",") {
		p, err := parseAddress(strings.TrimSpace(item))
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return canonical(out), nil
}

// parseAddress reads one network or address.
func parseAddress(item string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(item)
	if err != nil {
		address, err := netip.ParseAddr(item)
		if err != nil {
			return p, fmt.Errorf("%q is not an IPv4 address or network: write one such as 192.168.12.99 or 192.168.12.96/29", item)
		}
		p = netip.PrefixFrom(address.WithZone(""), address.BitLen())
	}
	switch {
	case !p.Addr().Is4():
		return p, fmt.Errorf("%q is not IPv4: the CNI plugin fails on IPv6", item)
	case p != p.Masked():
		return p, fmt.Errorf("%q has bits behind its prefix length: write %s, or %s", item, p.Masked(), p.Addr())
	}
	return p, nil
}

// canonical are addresses sorted, each once, without the networks that lie in others.
func canonical(addresses []netip.Prefix) []netip.Prefix {
	slices.SortFunc(addresses, netip.Prefix.Compare)
	var out []netip.Prefix
	// A network sorts before those in it, and what is between them lies in it too.
	var last netip.Prefix
	for _, p := range slices.Compact(addresses) {
		if !p.IsSingleIP() {
			if last.IsValid() && last.Overlaps(p) {
				continue
			}
			last = p
		}
		out = append(out, p)
	}
	return out
}

// ParseNodes reads a label selector that selects by something.
func ParseNodes(value string) (labels.Selector, error) {
	selector, err := labels.Parse(value)
	if err != nil {
		return nil, fmt.Errorf("%q is not a label selector: write one such as egress=yes: %w", value, err)
	}
	if selector.Empty() {
		return nil, errors.New("no label selector: write one such as egress=yes")
	}
	return selector, nil
}

// ParseMax reads a number of routers.
func ParseMax(value string) (int, error) {
	n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 31)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("%q is not a number of routers: write a whole number from 1, such as 4", value)
	}
	return int(n), nil
}
