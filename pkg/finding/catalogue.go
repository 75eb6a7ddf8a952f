package finding

import "fmt"

// Code names a kind of finding. Codes are never reused.
type Code string

// The codes of the spec checks.
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
	BadMaster        Code = "EGR119"
)

// The codes of the cluster checks.
const (
	NoAPI            Code = "EGR201"
	Forbidden        Code = "EGR202"
	NoMacvlan        Code = "EGR203"
	OperatorDegraded Code = "EGR204"
	AddressTaken     Code = "EGR205"
	ManyMACs         Code = "EGR206"
	NodeReadiness    Code = "EGR207"
	PodSecurity      Code = "EGR208"
	ServicePorts     Code = "EGR209"
	PodHangs         Code = "EGR210"
	NADDiffers       Code = "EGR211"
	NoNet1           Code = "EGR212"
	NoClusterRoutes  Code = "EGR213"
	TwoHolders       Code = "EGR214"
	NoService        Code = "EGR215"
	OldRules         Code = "EGR216"
	UserNetwork      Code = "EGR217"
	OpenToAll        Code = "EGR218"
	OrphanRouter     Code = "EGR219"
	OperatorSilent   Code = "EGR220"
	SettingsLacking  Code = "EGR221"
	ForeignDeploy    Code = "EGR222"
	OpenInbound      Code = "EGR223"
	UnreadableRouter Code = "EGR224"
	NotGranted       Code = "EGR225"
)

// The codes of the OpenStack checks.
const (
	NoPort          Code = "EGR301"
	PairMissing     Code = "EGR302"
	PairStale       Code = "EGR303"
	PortSecurityOff Code = "EGR304"
	PairLimit       Code = "EGR305"
	SecurityGroups  Code = "EGR306"
	AddressHeld     Code = "EGR307"
	NotInSubnet     Code = "EGR308"
	PairsForbidden  Code = "EGR309"
	NotReserved     Code = "EGR310"
	MACOnSeveral    Code = "EGR311"
)

// The codes of the vSphere checks.
const (
	NoVM            Code = "EGR401"
	ForgedTransmits Code = "EGR402"
	MACChanges      Code = "EGR403"
	Promiscuous     Code = "EGR404"
	NSX             Code = "EGR405"
	MACLearning     Code = "EGR406"
	HostsDiffer     Code = "EGR407"
	NoPrivilege     Code = "EGR408"
	OtherVMs        Code = "EGR409"
	Duplicates      Code = "EGR410"
	Hardening       Code = "EGR411"
)

// Entry is what the catalogue says of a code.
type Entry struct {
	Code Code `json:"code"`
	// Level is what a finding of this code has unless its check says otherwise.
	Level Level `json:"level"`
	// Also are the levels that its check gives it in other cases, which its page names.
	Also []Level `json:"also,omitempty"`
	// Title is the finding in general, in a few words.
	Title string `json:"title"`
}

// Levels names the levels that findings of the code can have, the usual one first.
func (e Entry) Levels() string {
	out := string(e.Level)
	for _, level := range e.Also {
		out += " or " + string(level)
	}
	return out
}

// Catalogue lists every code, in order.
func Catalogue() []Entry {
	also := otherLevels()
	var out []Entry
	for _, u := range usual() {
		out = append(out, Entry{Code: u.code, Level: u.level, Also: also[u.code], Title: u.title})
	}
	return out
}

// otherLevels are the levels of codes beside the usual one.
func otherLevels() map[Code][]Level {
	return map[Code][]Level{
		Forbidden:        {Warning, Info},
		NoMacvlan:        {Warning},
		OperatorDegraded: {Warning, Info},
		NodeReadiness:    {Warning},
		PodHangs:         {Info},
		NADDiffers:       {Error},
		NoClusterRoutes:  {Info},
		OperatorSilent:   {Info},
		OpenInbound:      {Info},
		PairMissing:      {Warning},
		PairLimit:        {Warning},
		SecurityGroups:   {Info},
		AddressHeld:      {Info},
		MACOnSeveral:     {Warning},
		MACChanges:       {Error},
		HostsDiffer:      {Error},
		NoPrivilege:      {Warning},
	}
}

// row is a code with its usual level.
type row struct {
	code  Code
	level Level
	title string
}

func usual() []row {
	return []row{
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
		{SharedNamespace, Error, "two operator-managed routers in one namespace"},
		{SharedAddress, Error, "one reserved address on two routers"},
		{SCTPModule, Info, "SCTP needs a kernel module on the nodes"},
		{NoAddress, Error, "there is no address"},
		{OwnNode, Warning, "a destination or the gateway is a node of the cluster, in the router's own subnet"},
		{Passthru, Error, "macvlan mode Passthru takes the node's own interface"},
		{BadMaster, Error, "the macvlan master is not a name that an interface can have"},
		{NoAPI, Error, "the API for egress routers, or Multus, is not served"},
		{Forbidden, Error, "a permission is missing, so a part of the cluster is unknown"},
		{NoMacvlan, Error, "the platform drops macvlan traffic"},
		{OperatorDegraded, Error, "the network operator is Degraded"},
		{AddressTaken, Error, "another holds the reserved address"},
		{ManyMACs, Warning, "more macvlan interfaces on a node than its NIC may filter"},
		{NodeReadiness, Error, "nodes on which the router would not work"},
		{PodSecurity, Error, "the namespace's Pod Security level rejects the router's pod"},
		{ServicePorts, Warning, "the Service's ports are not those that the rules redirect"},
		{PodHangs, Error, "the pod cannot start, and the event hides why"},
		{NADDiffers, Warning, "the NAD does not say what the router asks for"},
		{NoNet1, Error, "the pod runs without the reserved address on net1"},
		{NoClusterRoutes, Error, "the pod network gives pods only a default route"},
		{TwoHolders, Error, "two pods hold the reserved address"},
		{NoService, Info, "the router has no Service"},
		{OldRules, Warning, "the pod runs older rules than the NAD holds"},
		{UserNetwork, Error, "the namespace's primary network is user-defined"},
		{OpenToAll, Info, "no NetworkPolicy says who may use the router"},
		{OrphanRouter, Warning, "the network operator still complains of a router that is gone"},
		{OperatorSilent, Error, "the operator has made nothing of a valid router"},
		{SettingsLacking, Warning, "the operator's Deployment lacks what create was asked to set on it"},
		{ForeignDeploy, Error, "a Deployment of another is in the operator's way"},
		{OpenInbound, Warning, "hosts of the nodes' network can reach pods through routers"},
		{UnreadableRouter, Error, "the description of a router cannot be understood"},
		{NotGranted, Warning, "the namespace is not granted the router's address"},
		{NoPort, Error, "the node has no Neutron port that fits, or several"},
		{PairMissing, Error, "the allowed-address pair is missing"},
		{PairStale, Warning, "an allowed-address pair is no longer needed"},
		{PortSecurityOff, Info, "port security is off: pairs are not needed"},
		{PairLimit, Error, "the port is at its limit of allowed-address pairs"},
		{SecurityGroups, Warning, "the security groups let nothing out to a destination"},
		{AddressHeld, Error, "another Neutron port holds the reserved address"},
		{NotInSubnet, Error, "no subnet of the port's network has the reserved address"},
		{PairsForbidden, Error, "the user may not change the pairs of the port"},
		{NotReserved, Warning, "nothing keeps Neutron from giving the address away"},
		{MACOnSeveral, Error, "one MAC is allowed on several ports"},
		{NoVM, Error, "the node is not a virtual machine of the vCenter, or several"},
		{ForgedTransmits, Error, "forged transmits are rejected"},
		{MACChanges, Warning, "MAC address changes are rejected"},
		{Promiscuous, Error, "promiscuous mode is rejected, and there is no MAC learning"},
		{NSX, Error, "the network is NSX's: vCenter cannot change it"},
		{MACLearning, Info, "MAC learning could take the place of promiscuous mode"},
		{HostsDiffer, Warning, "the hosts that the VM could run on differ"},
		{NoPrivilege, Error, "a privilege is missing in vCenter"},
		{OtherVMs, Warning, "other virtual machines share the port group"},
		{Duplicates, Warning, "promiscuous mode with several uplinks duplicates packets"},
		{Hardening, Info, "the change goes against a hardening rule"},
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
