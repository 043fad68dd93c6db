// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPeg} from "../../src/interfaces/IPeg.sol";
import {Peg} from "../../src/Peg.sol";
import {PeggedToken} from "../../src/PeggedToken.sol";
import {TestToken} from "../../src/test-token/TestToken.sol";
import {HundredthToken} from "./OddTokens.sol";
import {PegFixture} from "./PegFixture.sol";

/// People who carry three tokens between two chains, attesters who say what happened in any order and number, and
/// somebody who tries what nobody attested: the acts of the peg's invariants.
contract PegActors is PegFixture {
    /// A lock or burn that happened: what is still under way is what is not delivered.
    struct Happened {
        uint256 sourceChain;
        uint256 kind;
        bool isLock;
        bool isDelivered;
        IPeg.Transfer told;
    }

    uint256 private constant PEOPLE = 4;
    /// The dollar and a token that keeps a fee live on the public chain, the nano on the base chain.
    uint256 public constant KINDS = 3;

    Happened[] private happened;
    address[3] private kindTokens;
    uint256[3] private kindHomes = [PUBLIC, PUBLIC, BASE];
    /// Base units that went through each act.
    uint256[3] public minted;
    uint256[3] public burned;
    /// What nobody attested and was done all the same.
    uint256 public forged;

    function setUp() public override {
        super.setUp();
        kindTokens = [address(tokens[PUBLIC]), address(new HundredthToken()), address(tokens[BASE])];
        for (uint256 kind = 0; kind < KINDS; kind++) {
            for (uint256 i = 0; i < PEOPLE; i++) {
                TestToken(kindTokens[kind]).mint(person(i), 1_000_000);
            }
            Peg peg = on(other(kindHomes[kind]));
            IPeg.TokenIdentity memory identity = identityOf(TestToken(kindTokens[kind]));
            peg.introduce(identity, attest(peg.tokenDigest(identity), THRESHOLD));
        }
    }

    // ── acts ──

    function lockSome(uint256 seed, uint256 amount) external {
        uint256 kind = seed % KINDS;
        address token = kindTokens[kind];
        address account = person(seed >> 8);
        amount = bound(amount, 1, 10_000);
        if (TestToken(token).balanceOf(account) < amount) return;
        Peg peg = pegs[kindHomes[kind]];
        uint256 before = peg.locked(token);
        lockOn(kindHomes[kind], account, token, amount, person(seed >> 16));
        note(kindHomes[kind], kind, true, peg.locked(token) - before, person(seed >> 16));
    }

    function burnSome(uint256 seed, uint256 amount) external {
        uint256 kind = seed % KINDS;
        uint256 chain = other(kindHomes[kind]);
        address account = person(seed >> 8);
        uint256 balance = peggedOf(kind).balanceOf(account);
        if (balance == 0) return;
        amount = bound(amount, 1, balance);
        Peg peg = on(chain);
        vm.prank(account);
        peg.burn(kindTokens[kind], amount, person(seed >> 16));
        burned[kind] += amount;
        note(chain, kind, false, amount, person(seed >> 16));
    }

    /// Any of what happened, also what was delivered before: that must be refused.
    function deliverSome(uint256 seed) external {
        if (happened.length == 0) return;
        Happened storage one = happened[(seed >> 8) % happened.length];
        uint256 count = THRESHOLD + (seed % (ATTESTERS - THRESHOLD + 1));
        bool isDone = tryDeliver(one.told, one.isLock, other(one.sourceChain), count);
        if (isDone == one.isDelivered) forged++;
        if (!isDone) return;
        one.isDelivered = true;
        if (one.isLock) minted[one.kind] += one.told.amount;
    }

    function handOver(uint256 seed, uint256 amount) external {
        PeggedToken pegged = peggedOf(seed % KINDS);
        address account = person(seed >> 8);
        amount = bound(amount, 0, pegged.balanceOf(account));
        vm.prank(account);
        pegged.transfer(person(seed >> 16), amount);
    }

    /// True transfers under attestations that are too few, of something else, or for another place.
    function forgeSome(uint256 seed, uint256 amount) external {
        if (happened.length == 0) return;
        Happened storage one = happened[(seed >> 8) % happened.length];
        uint256 chain = other(one.sourceChain);
        Peg peg = on(chain);
        IPeg.Transfer memory told = one.told;
        bytes32 digest = one.isLock ? peg.lockDigest(told) : peg.burnDigest(told);
        uint256 count = seed % 5 == 0 ? THRESHOLD - 1 : THRESHOLD;
        if (seed % 5 == 1) told.amount = bound(amount, told.amount + 1, told.amount + 1_000);
        if (seed % 5 == 2) told.logIndex += 1 << 128;
        if (seed % 5 == 3) told.recipient = address(0xf00d);
        bool isLock = seed % 5 == 4 ? !one.isLock : one.isLock;
        if (tryPeg(peg, told, isLock, attest(digest, count))) forged++;
        // Sent to the Peg on whose chain it happened, as if it were the other.
        peg = on(one.sourceChain);
        if (tryPeg(peg, one.told, one.isLock, attest(digest, THRESHOLD))) forged++;
    }

    // ── what the invariants ask ──

    function pegOf(uint256 kind) external view returns (Peg home, Peg away) {
        (home, away) = (pegs[kindHomes[kind]], pegs[other(kindHomes[kind])]);
    }

    function tokenOf(uint256 kind) external view returns (address) {
        return kindTokens[kind];
    }

    function underWay(uint256 kind) external view returns (uint256 sum) {
        for (uint256 i = 0; i < happened.length; i++) {
            if (happened[i].kind == kind && !happened[i].isDelivered) sum += happened[i].told.amount;
        }
    }

    /// Whether each of what happened is done at its destination exactly if it was delivered.
    function areDoneAsDelivered() external view returns (bool) {
        for (uint256 i = 0; i < happened.length; i++) {
            IPeg.Transfer storage told = happened[i].told;
            Peg peg = pegs[other(happened[i].sourceChain)];
            if (peg.isDone(told.transactionHash, told.logIndex) != happened[i].isDelivered) return false;
        }
        return true;
    }

    /// Delivers all, lets everybody burn all, delivers that: then everything is where it came from.
    function bringAllHome() external {
        deliverAll();
        for (uint256 kind = 0; kind < KINDS; kind++) {
            for (uint256 i = 0; i < PEOPLE; i++) {
                uint256 balance = peggedOf(kind).balanceOf(person(i));
                if (balance == 0) continue;
                Peg peg = on(other(kindHomes[kind]));
                vm.prank(person(i));
                peg.burn(kindTokens[kind], balance, person(i));
                note(other(kindHomes[kind]), kind, false, balance, person(i));
            }
        }
        deliverAll();
    }

    function deliverAll() private {
        for (uint256 i = 0; i < happened.length; i++) {
            Happened storage one = happened[i];
            if (one.isDelivered) continue;
            one.isDelivered = tryDeliver(one.told, one.isLock, other(one.sourceChain), THRESHOLD);
        }
    }

    function tryDeliver(IPeg.Transfer memory told, bool isLock, uint256 chain, uint256 count)
        private
        returns (bool)
    {
        Peg peg = on(chain);
        bytes32 digest = isLock ? peg.lockDigest(told) : peg.burnDigest(told);
        return tryPeg(peg, told, isLock, attest(digest, count));
    }

    function tryPeg(Peg peg, IPeg.Transfer memory told, bool isLock, IPeg.Attestation[] memory list)
        private
        returns (bool isDone)
    {
        if (isLock) {
            try peg.mint(told, list) {
                isDone = true;
            } catch {}
        } else {
            try peg.unlock(told, list, told.recipient) {
                isDone = true;
            } catch {}
        }
    }

    function note(uint256 chain, uint256 kind, bool isLock, uint256 amount, address recipient) private {
        // Two to a transaction, so that the index counts too.
        bytes32 transactionHash = keccak256(abi.encode(chain, happened.length / 2));
        IPeg.Transfer memory told =
            IPeg.Transfer(transactionHash, happened.length % 2, kindTokens[kind], amount, recipient);
        happened.push(Happened(chain, kind, isLock, false, told));
    }

    function peggedOf(uint256 kind) private view returns (PeggedToken) {
        return PeggedToken(pegs[other(kindHomes[kind])].peggedOf(kindTokens[kind]));
    }

    function person(uint256 seed) private pure returns (address) {
        return address(uint160(0x9000 + seed % PEOPLE));
    }
}
