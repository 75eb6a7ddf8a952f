package finding

import "fmt"

// Code names a kind of finding. Codes are never reused.
type Code string

// The codes of the spec checks, and below them those of the cluster checks.
const (
	NoPrefix         Code = "EGR101"
	UnusableAddress  Code = "EGR102"
	NoGateway        Code = "EGR103"
	GatewayElsewhere Code = "EGR104"
	ManyAddresses    Code = "EGR105"
	IPv6             Code = "EGR106"
	BadDestination   Code = "EGR107"
	DuplicateRule    Code = "EGR108"
	FallbackIgnored  Code = "EGR109"
	MacvlanIgnored   Code = "EGR110"
	NothingToDo      Code = "EGR111"
	BadMode          Code = "EGR112"
	SharedNamespace  Code = "EGR113"
	SharedAddress    Code = "EGR114"
	SCTPModule       Code = "EGR115"
	NoAddress        Code = "EGR116"
	OwnNode          Code = "EGR117"
	Passthru         Code = "EGR118"

	Forbidden Code = "EGR202"
)

// Entry is what the catalogue says of a code.
type Entry struct {
	Code Code
	// Level is what a finding of this code has unless its check says otherwise.
	Level Level
	// Title is the finding in general, in a few words.
	Title string
}

// Catalogue lists every code, in order.
func Catalogue() []Entry {
	return []Entry{
		{NoPrefix, Error, "the address is not an IP address with a prefix length"},
		{UnusableAddress, Error, "the address is one that no pod can own"},
		{NoGateway, Error, "there is no gateway, or it is not an IP address"},
		{GatewayElsewhere, Error, "the gateway cannot be reached from the address"},
		{ManyAddresses, Warning, "more than one address: only the first is used"},
		{IPv6, Error, "the address or the gateway is IPv6"},
		{BadDestination, Error, "a destination is not an IPv4 address that traffic can be sent to"},
		{DuplicateRule, Error, "two rules redirect one port and protocol"},
		{FallbackIgnored, Error, "the operator's routers ignore a fallback IP"},
		{MacvlanIgnored, Error, "the operator ignores macvlan mode and master"},
		{NothingToDo, Warning, "neither a rule nor a fallback IP: nothing is redirected"},
		{BadMode, Error, "the mode is not Redirect"},
		{SharedNamespace, Error, "two of the operator's routers in one namespace"},
		{SharedAddress, Error, "one reserved address on two routers"},
		{SCTPModule, Info, "SCTP needs a kernel module on the nodes"},
		{NoAddress, Error, "there is no address"},
		{OwnNode, Warning, "a destination is a node of the cluster, in the router's own subnet"},
		{Passthru, Error, "macvlan mode Passthru takes the node's own interface"},
		{Forbidden, Error, "a permission is missing, so a part of the cluster is unknown"},
	}
}

// Lookup finds code in the catalogue.
func Lookup(code Code) (Entry, error) {
	for _, e := range Catalogue() {
		if e.Code == code {
			return e, nil
		}
	}
	return Entry{}, fmt.Errorf("there is no finding %s", code)
}
