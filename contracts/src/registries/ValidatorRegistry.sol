// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IVault, Reason, WeiBook, WeiMove} from "../interfaces/IVault.sol";
import {Bonds} from "../lib/Bonds.sol";
import {IValidatorRegistry} from "./IValidatorRegistry.sol";

/// Who validates. Holds no money: stakes are the Vault's, which lets them leave by this contract alone.
contract ValidatorRegistry is IValidatorRegistry {
    using SafeCast for uint256;

    uint256 public constant ENDPOINT_BYTES_MAX = 512;

    struct Entry {
        bytes32 encryptionKey;
        uint256 leastFeeWei;
        uint64 registeredAt;
        /// Where the account stands in the list, plus 1.
        uint64 place;
        /// When its bond, less what is announced to leave, last rose.
        uint64 raisedAt;
        string endpoint;
    }

    struct Bond {
        /// All that was staked and has not left, wherever it lies; what was lost of it since the account's last act
        /// is still in it.
        uint96 staked;
        /// What of it is announced to leave, and when it may.
        uint96 exit;
        uint64 leavesAt;
    }

    IVault public immutable vault;
    mapping(address account => Entry) private entries;
    /// Also of accounts without an entry: bonds that come back later leave in the same way.
    mapping(address account => Bond) private bonds;
    mapping(address account => mapping(address validator => uint64)) private namedAt;
    address[] private listed;

    constructor(IVault vault_) {
        vault = vault_;
    }

    /// @inheritdoc IValidatorRegistry
    function register(
        bytes32 encryptionKey,
        string calldata endpoint,
        uint256 leastFeeWei,
        uint256 stakeFromFree
    ) external payable {
        if (encryptionKey == 0) revert EncryptionKeyMissing();
        uint256 size = bytes(endpoint).length;
        if (size > ENDPOINT_BYTES_MAX) revert EndpointTooLong(size, ENDPOINT_BYTES_MAX);
        if (msg.value > 0) vault.depositWei{value: msg.value}(msg.sender);
        uint256 added = msg.value + stakeFromFree;
        move(WeiBook.Free, WeiBook.Stake, Reason.StakeAdded, added);
        Entry storage entry = entries[msg.sender];
        Bond storage bond = bonds[msg.sender];
        (, uint256 stake, uint256 locked) = vault.weiOf(msg.sender);
        bond.staked = held(bond.staked + added, stake + locked);
        // Who is listed and has bonds locked may still change its entry.
        if (entry.registeredAt != 0) stake += locked;
        uint256 needed = bond.exit + uint256(Bonds.STAKE_MIN);
        if (stake < needed) revert StakeTooSmall(msg.sender, stake, needed);
        if (added > 0) entry.raisedAt = uint64(block.timestamp);
        if (entry.registeredAt == 0) {
            listed.push(msg.sender);
            entry.raisedAt = uint64(block.timestamp);
            entry.registeredAt = uint64(block.timestamp);
            entry.place = uint64(listed.length);
        }
        entry.encryptionKey = encryptionKey;
        entry.endpoint = endpoint;
        entry.leastFeeWei = leastFeeWei;
        emit ValidatorRegistered(msg.sender, encryptionKey, endpoint, leastFeeWei);
    }

    /// @inheritdoc IValidatorRegistry
    function announceExit(uint256 amount) external {
        Bond storage bond = bonds[msg.sender];
        if (amount == 0 && bond.leavesAt == 0) revert NothingAnnounced(msg.sender);
        (, uint256 stake, uint256 locked) = vault.weiOf(msg.sender);
        // Locked bonds may leave too, once they are back.
        if (amount > stake + locked) revert StakeTooSmall(msg.sender, stake + locked, amount);
        uint64 leavesAt = amount == 0 ? 0 : uint64(block.timestamp + Bonds.UNBONDING);
        if (amount < bond.exit) entries[msg.sender].raisedAt = uint64(block.timestamp);
        bonds[msg.sender] = Bond(held(bond.staked, stake + locked), amount.toUint96(), leavesAt);
        emit ExitAnnounced(msg.sender, amount, leavesAt);
    }

    /// @inheritdoc IValidatorRegistry
    function completeExit() external {
        Bond storage bond = bonds[msg.sender];
        if (bond.leavesAt == 0) revert NothingAnnounced(msg.sender);
        if (block.timestamp < bond.leavesAt) revert ExitTooEarly(msg.sender, bond.leavesAt);
        (, uint256 stake, uint256 locked) = vault.weiOf(msg.sender);
        uint256 amount = Math.min(bond.exit, stake);
        uint256 rest = bond.exit - amount;
        bond.staked = held(Math.saturatingSub(bond.staked, amount), stake - amount + locked);
        bond.exit = uint96(rest);
        if (rest == 0) bond.leavesAt = 0;
        emit ExitCompleted(msg.sender, amount);
        if (stake - amount + locked < rest + Bonds.STAKE_MIN) leaveList();
        move(WeiBook.Stake, WeiBook.Free, Reason.StakeLeft, amount);
    }

    /// @inheritdoc IValidatorRegistry
    function nameOwn(address account, bool isNamed) external {
        uint64 since = namedAt[msg.sender][account];
        if (isNamed == (since != 0)) return;
        if (isNamed && entries[account].registeredAt == 0) revert ValidatorNotRegistered(account);
        namedAt[msg.sender][account] = isNamed ? uint64(block.timestamp) : 0;
        emit OwnValidatorNamed(msg.sender, account, isNamed);
    }

    /// @inheritdoc IValidatorRegistry
    function ownSince(address account, address validator_) external view returns (uint64) {
        return namedAt[account][validator_];
    }

    /// @inheritdoc IValidatorRegistry
    function validator(address account) external view returns (Validator memory) {
        Entry storage entry = entries[account];
        Bond storage bond = bonds[account];
        (, uint256 stake,) = vault.weiOf(account);
        return Validator({
            encryptionKey: entry.encryptionKey,
            endpoint: entry.endpoint,
            leastFeeWei: entry.leastFeeWei,
            stakeWei: stake,
            exitWei: bond.exit,
            exitAt: bond.leavesAt,
            registeredAt: entry.registeredAt
        });
    }

    /// @inheritdoc IValidatorRegistry
    function weightOf(address account) public view returns (uint256) {
        if (entries[account].registeredAt == 0) return 0;
        (, uint256 stake,) = vault.weiOf(account);
        return beyondExit(stake, bonds[account].exit);
    }

    /// @inheritdoc IValidatorRegistry
    function validatorCount() external view returns (uint256) {
        return listed.length;
    }

    /// @inheritdoc IValidatorRegistry
    function validators(uint256 start, uint256 limit)
        external
        view
        returns (address[] memory accounts, uint256[] memory weights)
    {
        (accounts, weights) = page(start, limit);
        for (uint256 i = 0; i < accounts.length; i++) {
            weights[i] = weightOf(accounts[i]);
        }
    }

    /// @inheritdoc IValidatorRegistry
    function steadyBonds(uint256 start, uint256 limit, uint64 time)
        external
        view
        returns (address[] memory accounts, uint256[] memory weights)
    {
        (accounts, weights) = page(start, limit);
        for (uint256 i = 0; i < accounts.length; i++) {
            if (entries[accounts[i]].raisedAt >= time) continue;
            (, uint256 stake, uint256 locked) = vault.weiOf(accounts[i]);
            Bond storage bond = bonds[accounts[i]];
            weights[i] = beyondExit(held(bond.staked, stake + locked), bond.exit);
        }
    }

    function page(uint256 start, uint256 limit)
        private
        view
        returns (address[] memory accounts, uint256[] memory weights)
    {
        uint256 size = Math.min(limit, Math.saturatingSub(listed.length, start));
        accounts = new address[](size);
        weights = new uint256[](size);
        for (uint256 i = 0; i < size; i++) {
            accounts[i] = listed[start + i];
        }
    }

    /// What was staked, as far as it is still there.
    function held(uint256 staked, uint256 there) private pure returns (uint96) {
        return Math.min(staked, there).toUint96();
    }

    function beyondExit(uint256 bond, uint256 exit) private pure returns (uint256) {
        return bond < exit + Bonds.STAKE_MIN ? 0 : bond - exit;
    }

    function leaveList() private {
        uint64 place = entries[msg.sender].place;
        if (place == 0) return;
        address last = listed[listed.length - 1];
        listed[place - 1] = last;
        entries[last].place = place;
        listed.pop();
        delete entries[msg.sender];
        emit ValidatorLeft(msg.sender);
    }

    function move(WeiBook fromBook, WeiBook toBook, Reason reason, uint256 amount) private {
        if (amount == 0) return;
        WeiMove[] memory moves = new WeiMove[](1);
        moves[0] = WeiMove(msg.sender, msg.sender, fromBook, toBook, reason, amount.toUint96());
        vault.moveWei(bytes32(0), type(uint64).max, moves);
    }
}
