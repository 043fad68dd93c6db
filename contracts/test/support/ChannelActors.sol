// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import "../../src/interfaces/ChannelTypes.sol";
import {ChannelFixture} from "./ChannelFixture.sol";

/// Organisations that do what they may, and much that they may not, in any order: the acts of the invariant
/// tests. What is refused is swallowed; what was taken is remembered, so that the invariants can compare it
/// with the chain.
contract ChannelActors is ChannelFixture {
    uint256 private constant SEEN_BLOCKS = 4;
    uint256 public constant ACTORS = 5;

    bytes32[] public channelIds;
    uint256[] public counts;
    /// Kept, since making an address of a key is slow.
    address[] public accountAt;
    address[] public validatorAt;
    /// Tokens that came into the registry and went out of it.
    uint256 public tokensIn;
    uint256 public tokensOut;
    /// Tokens credited to payers by withdrawals.
    uint256 public returnedToPayers;
    /// Base units that settled blocks owed.
    uint256 public owedBySettled;
    /// Acts that were taken, by name, to see that the acts reach deep enough.
    mapping(string act => uint256) public taken;

    mapping(bytes32 channelId => mapping(uint64 n => mapping(uint256 i => bytes))) private committed;
    mapping(bytes32 channelId => mapping(uint64 n => mapping(uint256 i => bytes32))) public postedPart;
    mapping(bytes32 channelId => mapping(uint64 n => Stage)) public lastStage;
    mapping(bytes32 channelId => mapping(uint64 n => bool)) public isReleased;

    function setUp() public override {
        super.setUp();
        uint8[3] memory sizes = [2, 3, 5];
        for (uint256 i = 0; i < sizes.length; i++) {
            ChannelTerms memory terms = termsFor(sizes[i]);
            terms.salt = bytes32(i);
            channelIds.push(open(terms));
            counts.push(sizes[i]);
        }
        for (uint256 i = 0; i < ACTORS; i++) {
            accountAt.push(account(i));
            validatorAt.push(validator(i));
        }
        vm.warp(START);
    }

    function channelCount() external view returns (uint256) {
        return channelIds.length;
    }

    function blockCount() external pure returns (uint256) {
        return SEEN_BLOCKS;
    }

    // ── acts ──

    /// To a time at which something may change, a few seconds or a whole dispute away.
    function letTimePass(uint256 seed) external {
        uint256[8] memory steps = [uint256(1), 5, 20, 20, 20, 40, 60, 1_000];
        uint256 next = block.timestamp + steps[(seed >> 16) % 8];
        // Not beyond the blocks that are looked at, or every run would end with nothing to do.
        if (next < START + 100 * SEEN_BLOCKS + 2_000) vm.warp(next);
    }

    /// The next block as far as its reveals, by most who should: what single acts in any order would rarely
    /// reach.
    function playBlock(uint256 seed, uint256 who, uint256 variants) external {
        uint64 n = 0;
        while (collationAt(n) <= block.timestamp) n++;
        if (n >= SEEN_BLOCKS) return;
        vm.warp(collationAt(n));
        // The block itself, not the one before it.
        seed = ((seed >> 16) << 16) | 0x100 | (seed & 0xff);
        postSome(seed, who, seed >> 32);
        if (who % 3 == 0) vm.warp(deadlineOfParts(n));
        commitSome(seed, who >> 32, variants);
        if (seed % 5 == 0) return;
        vm.warp(block.timestamp + 20);
        revealSome(seed, who >> 64);
        if (seed % 4 != 1) return;
        vm.warp(block.timestamp + 20);
        for (uint256 i = 0; i < channelIds.length; i++) {
            revealOwnSome(seed / 2 + i, variants >> i);
        }
    }

    function fundSome(uint256 seed, uint256 amount) external {
        bytes32 channelId = pick(seed);
        amount = bound(amount, 1, 200);
        fund(channelId, amount);
        tokensIn += amount;
        taken["fund"]++;
    }

    function postSome(uint256 seed, uint256 who, uint256 content) public {
        for (uint256 c = 0; c < channelIds.length; c++) {
            postIn(seed / 2 + c, who >> (8 * c), content >> (8 * c));
        }
    }

    function postIn(uint256 seed, uint256 who, uint256 content) private {
        (bytes32 channelId, uint256 count, uint64 n) = pickBlock(seed);
        for (uint256 i = 0; i < count; i++) {
            // Mostly everybody, mostly once; sometimes another content for the same place.
            if (has(who, i) && who % 3 == 0) continue;
            bytes32 root = keccak256(abi.encode(n, i, content % 2));
            vm.prank(has(content, i) ? operator(i) : accountAt[i]);
            try registry.postPart(channelId, n, root, 3, root) {
                if (postedPart[channelId][n][i] == 0) postedPart[channelId][n][i] = root;
                taken["post"]++;
            } catch {}
        }
    }

    function commitSome(uint256 seed, uint256 who, uint256 variants) public {
        for (uint256 c = 0; c < channelIds.length; c++) {
            commitIn(seed / 2 + c, who >> (8 * c), variants >> c);
        }
    }

    function commitIn(uint256 seed, uint256 who, uint256 variants) private {
        (bytes32 channelId, uint256 count, uint64 n) = pickBlock(seed);
        uint16 posted = postedMask(channelId, n);
        for (uint256 i = 0; i < count; i++) {
            if (committed[channelId][n][i].length > 0 || (has(who, i) && who % 3 == 0)) continue;
            BlockResult memory result = variantOf(count, n, variants, i, posted);
            Delegation memory delegation = delegationOf(channelId, n, i, !has(variants, 128 + i));
            bytes memory signature = signatureOf(OPERATOR + i, registry.delegationDigest(delegation));
            bytes32 commitment = commitmentOf(channelId, n, i, result);
            bytes32[] memory path = keyPath(n);
            vm.prank(validatorAt[i]);
            try registry.commitResult(delegation, signature, path, commitment) {
                committed[channelId][n][i] = abi.encode(result);
                taken["commit"]++;
            } catch {}
        }
    }

    function revealSome(uint256 seed, uint256 who) public {
        for (uint256 c = 0; c < channelIds.length; c++) {
            revealIn(seed / 2 + c, who >> (8 * c));
        }
    }

    function revealIn(uint256 seed, uint256 who) private {
        (bytes32 channelId, uint256 count, uint64 n) = pickBlock(seed);
        for (uint256 i = 0; i < count; i++) {
            bytes memory encoded = committed[channelId][n][i];
            if (encoded.length == 0 || (has(who, i) && who % 3 == 0)) continue;
            BlockResult memory result = abi.decode(encoded, (BlockResult));
            try registry.revealResult(channelId, n, uint8(i), result, OPENING, WORK, SALT) {
                taken["reveal"]++;
            } catch {}
        }
    }

    function revealOwnSome(uint256 seed, uint256 variants) public {
        (bytes32 channelId, uint256 count, uint64 n) = pickBlock(seed);
        uint256 i = variants % count;
        BlockResult memory result = variantOf(count, n, variants, i, postedMask(channelId, n));
        uint256 bond = registry.ownResultBondWei();
        vm.deal(accountAt[i], accountAt[i].balance + bond);
        vm.prank(accountAt[i]);
        try registry.revealOwnResult{value: bond}(channelId, n, result, OPENING) {
            taken["own with bond"]++;
        } catch {
            vm.prank(accountAt[i]);
            try registry.revealOwnResult(channelId, n, result, OPENING) {
                taken["own"]++;
            } catch {}
        }
    }

    function acceptSome(uint256 seed, uint256 who) external {
        (bytes32 channelId, uint256 count, uint64 n) = pickBlock(seed);
        ResultFacts[] memory results = registry.blockFacts(channelId, n).results;
        if (results.length == 0) return;
        bytes32 hash = results[who % results.length].outputHash;
        vm.prank(accountAt[who % count]);
        try registry.acceptResult(channelId, n, hash) {
            taken["accept"]++;
        } catch {}
    }

    function settleSome(uint256 seed) external {
        for (uint256 c = 0; c < channelIds.length; c++) {
            for (uint64 n = 0; n < SEEN_BLOCKS; n++) {
                if (has(seed, 4 * c + n)) settleOne(channelIds[c], n);
            }
        }
    }

    function settleOne(bytes32 channelId, uint64 n) public {
        ResultFacts[] memory results = registry.blockFacts(channelId, n).results;
        bool isSettled = registry.blockFacts(channelId, n).settledAt != 0;
        for (uint256 i = 0; i < results.length; i++) {
            try registry.settle(channelId, n, results[i].result) {
                vm.assertFalse(isSettled, "a block settled twice");
                isSettled = true;
                // tokenPerUnit is 1e9: a nano is a base unit, and entry 0 of the words is what the payer
                // owes.
                owedBySettled += uint256(results[i].result.amountWords[0]) >> 192;
                taken[results.length > 1 ? "settle after dispute" : "settle"]++;
            } catch {}
        }
    }

    function releaseSome(uint256 seed) external {
        (bytes32 channelId,, uint64 n) = pickBlock(seed);
        release(channelId, n);
    }

    function release(bytes32 channelId, uint64 n) public {
        try registry.releaseBonds(channelId, n) {
            isReleased[channelId][n] = true;
            taken["release"]++;
        } catch {}
    }

    function requestSome(uint256 seed, uint256 amount) external {
        bytes32 channelId = pick(seed);
        vm.prank(accountAt[0]);
        try registry.requestWithdrawal(channelId, amount % 300) {
            taken["request"]++;
        } catch {}
    }

    function executeSome(uint256 seed) external {
        execute(pick(seed));
    }

    function execute(bytes32 channelId) public {
        uint256 before = registry.balanceOf(address(token), accountAt[0]);
        try registry.executeWithdrawal(channelId) {
            returnedToPayers += registry.balanceOf(address(token), accountAt[0]) - before;
            taken["execute"]++;
        } catch {}
    }

    function withdrawTogetherSome(uint256 seed, uint256 amount) external {
        bytes32 channelId = pick(seed);
        uint256 deposit = registry.channel(channelId).deposit;
        if (deposit == 0 || seed % 4 != 0) return;
        amount = bound(amount, 1, deposit);
        uint256 nonce = registry.channel(channelId).withdrawalNonce;
        bytes32 digest = registry.withdrawalDigest(channelId, amount, nonce);
        bytes[] memory signatures = signaturesFor(counts[seed % counts.length], digest);
        registry.withdrawTogether(channelId, amount, nonce, signatures);
        returnedToPayers += amount;
        taken["together"]++;
    }

    function closeSome(uint256 seed, uint256 who) external {
        // Rarely, since it ends what the other acts need.
        if (who % 16 != 0) return;
        bytes32 channelId = pick(seed);
        vm.prank(accountAt[1]);
        try registry.closeChannel(channelId) {
            taken["close"]++;
        } catch {}
    }

    function withdrawSome(uint256 who, uint256 amount) external {
        uint256 i = who % ACTORS;
        uint256 balance = registry.balanceOf(address(token), accountAt[i]);
        if (balance > 0) withdrawTokens(i, bound(amount, 1, balance));
        balance = registry.balanceOf(address(0), accountAt[i]);
        if (balance > 0) withdrawWei(i, bound(amount, 1, balance));
    }

    function withdrawTokens(uint256 i, uint256 amount) public {
        vm.prank(accountAt[i]);
        registry.withdraw(address(token), amount);
        tokensOut += amount;
        taken["withdraw"]++;
    }

    function withdrawWei(uint256 i, uint256 amount) public {
        vm.prank(accountAt[i]);
        registry.withdraw(address(0), amount);
        taken["withdraw wei"]++;
    }

    function withdrawBondSome(uint256 who, uint256 amount) external {
        vm.prank(validatorAt[who % ACTORS]);
        try validators.withdrawBond(amount % 0.1 ether) {
            taken["withdraw bond"]++;
        } catch {}
    }

    // ── for the invariants ──

    function chain() external view returns (address, address, address) {
        return (address(registry), address(validators), address(token));
    }

    /// Remembers each stage; true unless a stage went back.
    function noteStages() external returns (bool isMonotone) {
        isMonotone = true;
        for (uint256 c = 0; c < channelIds.length; c++) {
            for (uint64 n = 0; n < SEEN_BLOCKS; n++) {
                Stage now_ = registry.stage(channelIds[c], n);
                if (now_ < lastStage[channelIds[c]][n]) isMonotone = false;
                lastStage[channelIds[c]][n] = now_;
            }
        }
    }

    function payAllDebts(bytes32 channelId) external {
        uint256 debt = registry.channel(channelId).debt;
        if (debt == 0) return;
        fund(channelId, debt);
        tokensIn += debt;
        registry.payDebts(channelId, 100);
    }

    function pick(uint256 seed) private view returns (bytes32) {
        return channelIds[seed % channelIds.length];
    }

    /// A block that something can be done with now: mostly the latest whose collection is over.
    function pickBlock(uint256 seed) private view returns (bytes32 channelId, uint256 count, uint64 n) {
        uint256 index = seed % channelIds.length;
        uint256 sinceFirst = block.timestamp < collationAt(0) ? 0 : block.timestamp - collationAt(0);
        uint256 latest = sinceFirst / 100;
        if ((seed >> 8) % 4 == 0 && latest > 0) latest--;
        if (latest >= SEEN_BLOCKS) latest = (seed >> 16) % SEEN_BLOCKS;
        return (channelIds[index], counts[index], uint64(latest));
    }

    /// Mostly everyone finds the same; sometimes one finds another amount or leaves out a part.
    function variantOf(uint256 count, uint64 n, uint256 variants, uint256 i, uint16 posted)
        private
        pure
        returns (BlockResult memory)
    {
        bool isOther = variants % 4 == 0 && has(variants, 8 + i);
        uint16 validParts = isOther && has(variants, 64 + i) ? posted & (posted - 1) : posted;
        return resultOf(
            count, uint64(40 * (uint256(n) + 1) + (isOther ? 1 + (variants >> 32) % 2 : 0)), validParts
        );
    }

    function postedMask(bytes32 channelId, uint64 n) private view returns (uint16 mask) {
        PartFacts[] memory found = registry.blockFacts(channelId, n).parts;
        for (uint256 i = 0; i < found.length; i++) {
            mask |= uint16(1 << found[i].participant);
        }
        if (mask == 0) mask = 1;
    }

    function has(uint256 mask, uint256 i) private pure returns (bool) {
        return (mask >> i) & 1 == 1;
    }
}
