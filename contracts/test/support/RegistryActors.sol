// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVault, Reason, WeiBook, WeiMove} from "../../src/interfaces/IVault.sol";
import {Bonds} from "../../src/lib/Bonds.sol";
import {IParticipantRegistry} from "../../src/registries/IParticipantRegistry.sol";
import {Organisations} from "./Organisations.sol";

/// Four accounts that register and rotate six keys among themselves, with good and bad signatures, and put stakes in
/// and take them out, while blocks lock, return and burn some: the acts of the registries' invariants.
contract RegistryActors is Organisations {
    uint256 public constant ACCOUNTS = 4;
    uint256 public constant KEYS = 6;
    uint256 private constant KEY = 0x9000;

    /// What an account weighed at a time.
    struct Weighed {
        uint256 at;
        uint256 weight;
    }

    address[ACCOUNTS] private actors;
    /// The last one is none.
    address[KEYS + 1] private keys_;
    /// What each account registered, in order, as this contract remembers it.
    mapping(address account => bytes[]) private told;
    mapping(address account => Weighed[]) private weighed;
    /// Wei that silence cost each.
    mapping(address account => uint256) public burnt;
    uint256 public wrongly;

    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < ACCOUNTS; i++) {
            actors[i] = account(100 + i);
        }
        for (uint256 i = 0; i < KEYS; i++) {
            keys_[i] = vm.addr(KEY + i);
        }
    }

    function actor(uint256 index) public view returns (address) {
        return actors[index % ACCOUNTS];
    }

    function keyOf(uint256 index) public view returns (address) {
        return keys_[index % (KEYS + 1)];
    }

    function registries() external view returns (address, address, address) {
        return (address(participants), address(validators), address(vault));
    }

    // ── keys ──

    /// Two keys of the pool or none; each signs as it should, or not at all, or for another account.
    function registerSome(uint256 who, uint256 recordKey, uint256 operatorKey, uint256 faults) external {
        address account_ = actor(who);
        IParticipantRegistry.Keys memory keys =
            IParticipantRegistry.Keys(keyOf(recordKey), keyOf(operatorKey), bytes32(faults), "");
        bytes memory recordSignature = proof(recordKey, account_, 1, faults % 4);
        bytes memory operatorSignature = proof(operatorKey, account_, 2, (faults >> 8) % 4);
        bool mayPass = isFine(account_, keys.recordKey, 1, faults % 4)
            && isFine(account_, keys.operatorKey, 2, (faults >> 8) % 4);
        vm.prank(account_);
        try participants.register(keys, recordSignature, operatorSignature) {
            if (!mayPass) wrongly++;
            told[account_].push(abi.encode(keys, uint64(block.timestamp)));
        } catch {
            if (mayPass) wrongly++;
        }
    }

    // ── stakes ──

    function stakeSome(uint256 who, uint256 amount, uint256 fromFree) external {
        address account_ = actor(who);
        amount = bound(amount, 0, 3 * uint256(Bonds.STAKE_MIN));
        (uint256 free,,) = vault.weiOf(account_);
        fromFree = bound(fromFree, 0, free);
        vm.deal(account_, amount);
        vm.prank(account_);
        try validators.register{value: amount}(keccak256("key"), "", 0, fromFree) {} catch {}
        weigh(account_);
    }

    function announceSome(uint256 who, uint256 amount) external {
        address account_ = actor(who);
        (, uint256 stake, uint256 locked) = vault.weiOf(account_);
        amount = amount % 3 == 0 ? stake + locked : bound(amount, 0, stake + locked);
        vm.prank(account_);
        try validators.announceExit(amount) {} catch {}
        weigh(account_);
    }

    function completeSome(uint256 who) external {
        address account_ = actor(who);
        vm.prank(account_);
        try validators.completeExit() {} catch {}
        weigh(account_);
    }

    /// What Blocks does to a stake; a third of what comes back was silent.
    function lockSome(uint256 who, bool isBack, uint256 chance) external {
        address account_ = actor(who);
        (, uint256 stake, uint256 locked) = vault.weiOf(account_);
        if (isBack && locked >= Bonds.SEAT) {
            bool isSilent = chance % 3 == 0;
            if (isSilent) {
                move(account_, Bonds.BURN, WeiBook.Locked, WeiBook.Free, Bonds.SILENCE);
                burnt[account_] += Bonds.SILENCE;
            }
            uint96 rest = isSilent ? Bonds.SEAT - Bonds.SILENCE : Bonds.SEAT;
            move(account_, account_, WeiBook.Locked, WeiBook.Stake, rest);
        } else if (!isBack && stake >= Bonds.SEAT) {
            move(account_, account_, WeiBook.Stake, WeiBook.Locked, Bonds.SEAT);
        }
        weigh(account_);
    }

    function pass(uint256 time) external {
        vm.warp(block.timestamp + (time % 4 == 0 ? 0 : time % 4 == 1 ? 90 days : bound(time, 1, 60 days)));
    }

    // ── what is remembered ──

    function toldOf(address account_) external view returns (bytes[] memory) {
        return told[account_];
    }

    /// The most that the account weighed less than 90 days ago.
    function weightToVouchFor(address account_) external view returns (uint256 most) {
        Weighed[] storage all = weighed[account_];
        for (uint256 i = all.length; i > 0; i--) {
            Weighed storage one = all[i - 1];
            if (one.at + Bonds.UNBONDING <= block.timestamp) break;
            if (one.weight > most) most = one.weight;
        }
    }

    function weigh(address account_) private {
        weighed[account_].push(Weighed(block.timestamp, validators.weightOf(account_)));
    }

    /// fault 1: no signature; 2: for another account; otherwise as it should be.
    function proof(uint256 key, address account_, uint8 purpose, uint256 fault)
        private
        view
        returns (bytes memory)
    {
        if (fault == 1 || keyOf(key) == address(0)) return "";
        bytes32 digest = channels.possessionDigest(
            fault == 2 ? address(0xbad) : account_, purpose, participants.registrationCount(account_)
        );
        return signatureOf(KEY + key % (KEYS + 1), digest);
    }

    /// Whether a key may be registered: nobody else has it, and it is the account's for this purpose or proves itself.
    function isFine(address account_, address key, uint8 purpose, uint256 fault)
        private
        view
        returns (bool)
    {
        if (key == address(0)) return true;
        for (uint256 i = 0; i < ACCOUNTS; i++) {
            (IParticipantRegistry.Keys memory others,) = participants.currentKeys(actor(i));
            bool isIts = others.recordKey == key || others.operatorKey == key;
            if (isIts && actor(i) != account_) return false;
        }
        (IParticipantRegistry.Keys memory mine,) = participants.currentKeys(account_);
        if ((purpose == 1 ? mine.recordKey : mine.operatorKey) == key) return true;
        return fault != 1 && fault != 2;
    }

    function move(address from, address to, WeiBook fromBook, WeiBook toBook, uint96 amount) private {
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] = WeiMove(from, to, fromBook, toBook, Reason.SeatBond, amount);
        vm.prank(address(blocks));
        IVault(address(vault)).moveWei(0, 0, moves);
    }
}
