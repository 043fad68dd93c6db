// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {HashedTimelock} from "../../src/HashedTimelock.sol";
import {IHashedTimelock} from "../../src/interfaces/IHashedTimelock.sol";
import {TestToken} from "../../src/test-token/TestToken.sol";
import {CodeAccount, HundredthToken} from "./OddTokens.sol";
import {Test} from "./Test.sol";

/// People, one of them with code that refuses wei, who open, claim, refund and withdraw in any order and around
/// every deadline: the acts of the timelock's invariants.
contract TimelockActors is Test {
    uint64 private constant START = 1_800_000_000;
    uint256 private constant PEOPLE = 4;
    /// Wei, a token, and a token that keeps a fee.
    uint256 public constant KINDS = 3;

    HashedTimelock public timelocks;
    address[3] public kindTokens;
    bytes32[] public ids;
    /// What each timelock ended as, kept apart from the contract.
    mapping(bytes32 id => IHashedTimelock.State) public ended;
    /// Ends that came at the wrong time, twice, or by a wrong preimage.
    uint256 public wrongEnds;
    address private coder;

    function setUp() external {
        vm.warp(START);
        timelocks = new HashedTimelock();
        coder = address(new CodeAccount());
        kindTokens = [address(0), address(new TestToken("Nano", "NANO", 9)), address(new HundredthToken())];
        for (uint256 i = 0; i < PEOPLE; i++) {
            vm.deal(person(i), 1_000_000);
            for (uint256 kind = 1; kind < KINDS; kind++) {
                TestToken(kindTokens[kind]).mint(person(i), 1_000_000);
                vm.prank(person(i));
                TestToken(kindTokens[kind]).approve(address(timelocks), type(uint256).max);
            }
        }
    }

    // ── acts ──

    function openSome(uint256 seed, uint256 amount) external {
        address token = kindTokens[seed % KINDS];
        amount = bound(amount, 1, 1_000);
        address opener = person(seed >> 8);
        uint256 has = token == address(0) ? opener.balance : TestToken(token).balanceOf(opener);
        if (has < amount) return;
        uint64 deadline = uint64(block.timestamp + 1 + ((seed >> 24) % 100));
        // Before the prank, which the call of sha256 would use up.
        bytes32 hashlock = hashlockOf(ids.length);
        vm.prank(opener);
        bytes32 id = timelocks.open{value: token == address(0) ? amount : 0}(
            person(seed >> 16), hashlock, deadline, token, amount
        );
        ids.push(id);
    }

    function claimSome(uint256 seed, bool isWrong) external {
        if (ids.length == 0) return;
        uint256 index = (seed >> 8) % ids.length;
        hurry(seed, index);
        IHashedTimelock.Timelock memory one = timelocks.timelock(ids[index]);
        bytes32 preimage = isWrong && seed % 3 == 0 ? bytes32(seed) : preimageOf(index);
        try timelocks.claim(ids[index], preimage) {
            bool isRight = block.timestamp < one.deadline && preimage == preimageOf(index);
            end(ids[index], IHashedTimelock.State.Claimed, isRight);
        } catch {
            if (block.timestamp < one.deadline && preimage == preimageOf(index)) expectEnded(ids[index]);
        }
    }

    function refundSome(uint256 seed) external {
        if (ids.length == 0) return;
        uint256 index = (seed >> 8) % ids.length;
        hurry(seed, index);
        IHashedTimelock.Timelock memory one = timelocks.timelock(ids[index]);
        try timelocks.refund(ids[index]) {
            end(ids[index], IHashedTimelock.State.Refunded, block.timestamp >= one.deadline);
        } catch {
            if (block.timestamp >= one.deadline) expectEnded(ids[index]);
        }
    }

    function withdrawSome(uint256 seed, uint256 amount) external {
        address token = kindTokens[seed % KINDS];
        address account = person(seed >> 8);
        uint256 balance = timelocks.balanceOf(token, account);
        // Sometimes more than there is.
        amount = bound(amount, 1, balance + 5);
        vm.prank(account);
        try timelocks.withdraw(token, person(seed >> 16), amount) {
            if (amount > balance) wrongEnds++;
        } catch {}
    }

    function letTimePass(uint256 seed) external {
        vm.warp(block.timestamp + seed % 40);
    }

    /// In a far future: everybody ends what is open and pulls all to the first person.
    function bringAllHome() external {
        vm.warp(block.timestamp + 1_000);
        for (uint256 i = 0; i < ids.length; i++) {
            if (ended[ids[i]] == IHashedTimelock.State.Unknown) timelocks.refund(ids[i]);
        }
        for (uint256 kind = 0; kind < KINDS; kind++) {
            for (uint256 i = 0; i < PEOPLE; i++) {
                uint256 balance = timelocks.balanceOf(kindTokens[kind], person(i));
                if (balance == 0) continue;
                vm.prank(person(i));
                timelocks.withdraw(kindTokens[kind], person(0), balance);
            }
        }
    }

    // ── what the invariants ask ──

    function held(uint256 kind) external view returns (uint256) {
        address token = kindTokens[kind];
        if (token == address(0)) return address(timelocks).balance;
        return TestToken(token).balanceOf(address(timelocks));
    }

    function owed(uint256 kind) external view returns (uint256 sum) {
        address token = kindTokens[kind];
        for (uint256 i = 0; i < ids.length; i++) {
            IHashedTimelock.Timelock memory one = timelocks.timelock(ids[i]);
            if (one.token == token && one.state == IHashedTimelock.State.Open) sum += one.amount;
        }
        for (uint256 i = 0; i < PEOPLE; i++) {
            sum += timelocks.balanceOf(token, person(i));
        }
    }

    /// Whether each is as it ended, and shows its preimage exactly if it was claimed.
    function areAsEnded() external view returns (bool) {
        for (uint256 i = 0; i < ids.length; i++) {
            IHashedTimelock.Timelock memory one = timelocks.timelock(ids[i]);
            IHashedTimelock.State state = ended[ids[i]];
            bool isClaimed = state == IHashedTimelock.State.Claimed;
            if (state == IHashedTimelock.State.Unknown) state = IHashedTimelock.State.Open;
            if (one.state != state) return false;
            if (one.preimage != (isClaimed ? preimageOf(i) : bytes32(0))) return false;
        }
        return true;
    }

    function end(bytes32 id, IHashedTimelock.State state, bool isRight) private {
        if (!isRight || ended[id] != IHashedTimelock.State.Unknown) wrongEnds++;
        ended[id] = state;
    }

    function expectEnded(bytes32 id) private {
        if (ended[id] == IHashedTimelock.State.Unknown) wrongEnds++;
    }

    /// Often to the second before the deadline, or to the deadline itself.
    function hurry(uint256 seed, uint256 index) private {
        uint256 target = timelocks.timelock(ids[index]).deadline - (seed % 2);
        if (seed % 5 < 2 && target > block.timestamp) vm.warp(target);
    }

    function preimageOf(uint256 index) private pure returns (bytes32) {
        return keccak256(abi.encode("preimage", index));
    }

    function hashlockOf(uint256 index) private pure returns (bytes32) {
        return sha256(abi.encodePacked(preimageOf(index)));
    }

    function person(uint256 seed) private view returns (address) {
        uint256 index = seed % PEOPLE;
        return index == 3 ? coder : address(uint160(0x9000 + index));
    }
}
